"""Does the likelihood of a generalised model have a maximum? Proofs that it has, or has not.

`separation` decides about the coefficients, `infinite_variances` about the covariances,
`cumulative_rows` writes ordered answers so that `separation` can read them.
"""

from ranef.problem.separation.cumulative import cumulative_rows
from ranef.problem.separation.decide import separation
from ranef.problem.separation.record import Limit, Separation
from ranef.problem.separation.variances import InfiniteVariances, RandomPart, infinite_variances

__all__ = [
    "InfiniteVariances",
    "Limit",
    "RandomPart",
    "Separation",
    "cumulative_rows",
    "infinite_variances",
    "separation",
]
