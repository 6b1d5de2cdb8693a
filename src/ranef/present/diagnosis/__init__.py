"""The diagnosis of a fit: the record, its pages, and the facade that users hold."""
