"""The summary of one fit: the record, its text and HTML, and the facade that users hold."""
