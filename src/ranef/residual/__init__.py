"""Structures of the residuals: their texts, and their cross-products.

Residuals have the covariance sigma^2 W^-1/2 C(phi) W^-1/2 with known weights W. Each structure
has a file here, which reads its text, learns from the rows and sums the cross-products A_k, and one
in ``cpp/residual``, which combines them to [Z X y]'R^-1[Z X y].
"""

from ranef.residual.ar1 import AR1
from ranef.residual.base import ResidualStructure, Whitening
from ranef.residual.registry import KINDS, learn_residual, parse_residual
from ranef.residual.spec import ResidualSpec
from ranef.residual.strata import Strata

__all__ = [
    "AR1",
    "KINDS",
    "ResidualSpec",
    "ResidualStructure",
    "Strata",
    "Whitening",
    "learn_residual",
    "parse_residual",
]
