"""The power of tests of fixed effects in a study that is planned."""

from ranef.inference.power.approximate import approximate_power
from ranef.inference.power.assumed import Assumed, assumed
from ranef.inference.power.designs import balanced_columns
from ranef.inference.power.result import TermPower
from ranef.inference.power.simulated import simulated_power

__all__ = [
    "Assumed",
    "TermPower",
    "approximate_power",
    "assumed",
    "balanced_columns",
    "simulated_power",
]
