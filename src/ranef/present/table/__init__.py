"""Models side by side: the record, its formats, and the facade that users hold."""
