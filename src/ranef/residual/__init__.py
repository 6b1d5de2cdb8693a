"""Structures of the residuals: what they are called, and the cross-products they are made of.

Residuals have the covariance sigma^2 W^-1/2 C(phi) W^-1/2 with known weights W. A structure is a
file here, which reads its text, learns the rows and sums the cross-products that
[Z X y]'R^-1[Z X y] is a combination of; and one in ``cpp/residual``, which knows the combination.
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
