"""What a fit was called with, kept so that it can be called again with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.errors import OptionError, RanefError
from ranef.frame import Table
from ranef.frame.open import open_frame
from ranef.frame.read import read_open_frame
from ranef.page.phrases import count
from ranef.streams import is_streamed
from ranef.types import OFFSET, MissingRows

if TYPE_CHECKING:
    from ranef.solve import Control

__all__ = ["Given", "changed"]

_FIX = "give the data: fit.update(..., data=data)"


@dataclass(frozen=True, eq=False)
class Given:
    """Arguments of a call, as the user gave them. Data are referred to and not copied.

    They are not pickled with the fit. If the data are rows that were summed where they are, `data`
    are their moments and `source` is what was given.
    """

    data: Any = field(repr=False)
    weights: Any = field(default=None, repr=False)
    offset: Any = field(default=None, repr=False)
    contrasts: Mapping[str, Any] | None = None
    prior: Any = None
    missing: Literal["drop", "raise"] = "drop"
    control: Control | None = None
    subset: str | None = None
    residual: str | None = None
    labels: Mapping[str, str] | None = None
    source: Any = field(default=None, repr=False)


def changed(
    given: Given | None,
    data: Any,
    changes: Mapping[str, Any],
    table: Table,
    missing: MissingRows,
) -> Given:
    """The arguments of a call with changes.

    Parameters
    ----------
    given : Given or None
        None where the fit does not know them.
    data : object
        Other data, or None.
    changes : mapping of str to object
        Arguments of other values.
    table : Table
        The rows used.
    missing : MissingRows
        The rows that were left out.

    Raises
    ------
    OptionError
        No data are known, they are not those of the fit any more, or an array belongs to other
        rows.
    """
    if data is None:
        if given is None:
            raise OptionError(
                "this fit does not know its data",
                found="a fit from a file or another process, or of a response given to refit()",
                fix=_FIX,
            )
        if not is_streamed(given.data):
            _check_same(given.data, table, missing)
        return replace(given, **changes)
    if given is None:
        return Given(data, **changes)
    for name in ("weights", "offset"):
        value = getattr(given, name)
        if value is not None and not isinstance(value, str) and name not in changes:
            raise OptionError(
                f"the {name} of the fit are an array, which belongs to the rows of its own data",
                fix=f"give {name}= for the new data too, or {name}=None",
            )
    return replace(given, data=data, source=None, **changes)


def _check_same(data: Any, table: Table, missing: MissingRows) -> None:
    """Refuse data that are no longer what the model was fitted to."""
    names = [name for name in table.names if name != OFFSET]
    try:
        now = read_open_frame(open_frame(data), names)
    except RanefError as error:
        raise _not_the_same(error.what) from None
    if now.n_rows != missing.n_total:
        raise _not_the_same(
            f"{count(now.n_rows, 'row')}, and {missing.n_total} when the model was fitted"
        )
    kept = np.delete(np.arange(now.n_rows), missing.rows)
    for name in names:
        new, old = now[name], table[name]
        values = new.values[kept]
        same = new.kind == old.kind and np.array_equal(values, old.values, equal_nan=True)
        if not same or new.levels != old.levels:
            raise _not_the_same(f"other values in column '{name}'")


def _not_the_same(found: str) -> OptionError:
    return OptionError(
        "the data were changed after the model was fitted",
        found=found,
        fix=f"{_FIX}, which fits the changed data",
    )
