"""Following a folder that was moved or renamed: pairs of folders in, a plan out."""
