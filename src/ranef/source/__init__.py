"""Sources: who sums the cross-products. Everything above sees the sums only."""

from ranef.source.memory import gather, gather_scaled, rows_of
from ranef.source.scaling import Scaling

__all__ = ["Scaling", "gather", "gather_scaled", "rows_of"]
