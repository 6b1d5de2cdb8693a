"""Records that hold one frame and read like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LikeFrame"]


class LikeFrame:
    """Columns, rows and methods of `frame` are those of the record, which needs no unpacking."""

    __slots__ = ()

    frame: pd.DataFrame

    def __getitem__(self, key: Any) -> Any:
        return self.frame[key]

    def __len__(self) -> int:
        return len(self.frame)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "frame":
            raise AttributeError(name)
        return getattr(self.frame, name)
