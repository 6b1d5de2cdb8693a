"""Sources: who sums the cross-products. Everything above sees the sums only."""

from ranef.source.memory import gather, rows_of
from ranef.source.scaling import Scaling, scaling_of

__all__ = ["Scaling", "gather", "rows_of", "scaling_of"]
