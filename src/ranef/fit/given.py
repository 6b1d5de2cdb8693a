"""What a fit was called with, kept so that it can be called again with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from ranef.record import record

if TYPE_CHECKING:
    from ranef.solve import Control

__all__ = ["Given"]


@record(frozen=True, eq=False)
class Given:
    """Arguments of a call, as the user gave them. Data are referred to and not copied.

    They are not pickled with the fit.
    """

    data: Any = field(repr=False)
    weights: Any = field(default=None, repr=False)
    offset: Any = field(default=None, repr=False)
    contrasts: Mapping[str, Any] | None = None
    prior: Any = None
    missing: Literal["drop", "raise"] = "drop"
    control: Control | None = None
