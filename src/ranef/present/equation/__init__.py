"""The model as equations: LaTeX and MathML."""
