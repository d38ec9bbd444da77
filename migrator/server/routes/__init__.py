"""What the API offers, a file for each resource."""
