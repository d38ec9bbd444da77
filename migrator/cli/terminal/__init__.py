"""The terminal: printing, asking, the pager, and the line that says how far long work is."""
