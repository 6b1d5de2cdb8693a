"""Covariance structures of the compiled core."""

from ranef._core import Structure, TermFace

__all__ = ["Structure", "TermFace"]
