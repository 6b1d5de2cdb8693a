"""The model as LaTeX equations."""
