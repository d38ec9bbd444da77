"""One snapshot repository: run git on it, read its trees, look up files, and tell whether all of it can be read."""
