"""What a person says: the options that commands share, the variables that set them, and what they name."""
