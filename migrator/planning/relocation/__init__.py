"""Plans for folders that were moved or renamed: pairs of folders in, a plan out."""
