"""One plot a file: Matplotlib axes in, Matplotlib axes out."""
