"""Numbers and names as text, and the table with a heading and notes that most results print."""
