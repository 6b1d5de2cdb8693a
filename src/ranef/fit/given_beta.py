"""Fixed effects that a user gives in place of the estimates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranef.errors import OptionError
from ranef.options import numbers
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["given_beta"]


def given_beta(beta: Any, own: Array, names: Sequence[str]) -> Array:
    """Fixed effects by name, if the others stay, or all in order.

    Parameters
    ----------
    beta : mapping, array-like or None
        None for the estimates.
    own : ndarray, shape (p,)
        The estimates.
    names : sequence of str

    Raises
    ------
    OptionError
        A name that is not one, or values that are not p finite numbers.
    """
    if beta is None:
        return own
    fix = f"give {count(len(names), 'number')}, or a mapping by name: {', '.join(names)}"
    if hasattr(beta, "to_dict") and getattr(beta, "ndim", 0) == 1:
        beta = beta.to_dict()
    if isinstance(beta, Mapping):
        wrong = [str(key) for key in beta if key not in names]
        if wrong:
            raise OptionError(
                f"the model has no fixed effect '{wrong[0]}'", found="beta=...", fix=fix
            )
        values = [beta.get(name, old) for name, old in zip(names, own.tolist(), strict=True)]
    else:
        values = beta
    given = numbers("beta", values, fix=fix)
    if given.shape != own.shape or not np.isfinite(given).all():
        raise OptionError(
            "beta does not fit the model", found=f"shape {given.shape}: {given}", fix=fix
        )
    return given
