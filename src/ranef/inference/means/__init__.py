"""Means after a fit: over a grid of the variables, or over the rows that were observed."""
