"""Multilevel (mixed-effects) models: fast, exact, certified, explained, published."""

from ranef._version import __version__

__all__ = ["__version__"]
