"""Sources: rows that are summed where they are, and never come into memory as a whole."""

from ranef.streams.open import Scan, is_streamed, open_source
from ranef.streams.summing import moments_of

__all__ = ["Scan", "is_streamed", "moments_of", "open_source"]
