"""Bundled data sets, with their sources, citations and units."""

from ranef.datasets.catalogue import Description, Variable, describe, names
from ranef.datasets.load import load

__all__ = ["Description", "Variable", "describe", "load", "names"]
