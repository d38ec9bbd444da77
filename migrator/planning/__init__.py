"""Selection and destination in, Plan out: before and after of every row, nothing written."""
