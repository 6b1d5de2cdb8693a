"""Sources: who sums the cross-products. Everything above sees the sums only."""

from ranef.source.memory import MemorySource, in_memory, rows_of
from ranef.source.scaling import Scaling
from ranef.source.source import Source

__all__ = ["MemorySource", "Scaling", "Source", "in_memory", "rows_of"]
