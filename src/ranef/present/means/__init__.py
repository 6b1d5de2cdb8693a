"""Marginal means and their contrasts."""
