"""Results that print themselves: one record, one file."""
