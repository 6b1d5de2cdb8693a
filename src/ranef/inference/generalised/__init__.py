"""Questions to a generalised fit: one question, one file."""
