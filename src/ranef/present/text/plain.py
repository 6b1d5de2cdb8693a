"""Records as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["plain", "to_json"]


def to_json(record: dict[str, Any]) -> str:
    """`record` as JSON; numbers that are not finite become null."""
    return json.dumps(plain(record), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """`value` in types that JSON has.

    >>> plain({"a": (1.0, float("nan"))})
    {'a': [1.0, None]}
    """
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):  # arrays and scalars of NumPy
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
