"""Carrying out a merge: rows of another database come in, in chunks, and are taken out again, with their journal."""
