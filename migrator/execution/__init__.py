"""Carrying a plan out: chunks, journal, rollback, resume, verification. The only room that writes."""
