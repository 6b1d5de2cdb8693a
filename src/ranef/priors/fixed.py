"""Normal prior of the fixed effects, in units of the residual standard deviation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.options import real
from ranef.page.phrases import count
from ranef.page.shown import Call
from ranef.types import INTERCEPT, Array

__all__ = ["Normal"]


@dataclass(frozen=True, slots=True)
class Normal(Call):
    """Independent normal priors of the fixed effects with mean zero: beta_j ~ N(0, (sigma sd_j)^2).

    Parameters
    ----------
    sd : float, pair of float, or mapping of str to float
        One for all coefficients; one for the intercept and one for all others (blme's default,
        10 and 2.5); or by name, where coefficients that are not named have no prior.

    Notes
    -----
    The prior is rows of data: [X y] = [diag(1 / sd), 0] without random effects (Lindley and Smith
    1972). Under ML the mode is joint in beta and the variances. Under REML the fixed effects are
    integrated out under their prior, which is what blme computes as well.

    References
    ----------
    Lindley and Smith (1972), Bayes estimates for the linear model, Journal of the Royal
    Statistical Society B 34(1).

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> fit = rn.lmm(
    ...     "Reaction ~ Days + (Days | Subject)", data, prior=rn.priors.Normal({"Days": 0.1})
    ... )
    >>> bool(fit.fixef["Days"] < 10.467)
    True
    """

    sd: Any = (10.0, 2.5)

    def __post_init__(self) -> None:
        if isinstance(self.sd, Mapping):
            given = dict(self.sd)
        elif isinstance(self.sd, (Sequence, np.ndarray)) and not isinstance(self.sd, str):
            values = tuple(self.sd)
            if len(values) != 2:
                raise OptionError(
                    "a normal prior takes one sd, or one for the intercept and one for the others",
                    found=count(len(values), "value"),
                    fix='give sds by name otherwise, as in Normal({"ses": 1})',
                )
            given = dict(enumerate(values))
            object.__setattr__(self, "sd", values)
        else:
            given = {0: self.sd}
        for value in given.values():
            real(
                "sd",
                value,
                above=0.0,
                infinite=True,
                what="the sd of a normal prior is positive",
                fix="use a large sd, or inf, for a coefficient without prior",
            )

    def __hash__(self) -> int:
        return hash(tuple(self.sd.items()) if isinstance(self.sd, Mapping) else self.sd)

    def sds(self, names: Sequence[str]) -> Array:
        """Prior SDs of coefficients over sigma, infinite where there is none."""
        if isinstance(self.sd, Mapping):
            unknown = [name for name in self.sd if name not in names]
            if unknown:
                raise OptionError(
                    f"there is no coefficient '{unknown[0]}' to have a prior",
                    where=f"prior {self!r}",
                    found=f"coefficients {', '.join(names)}",
                    fix=suggestion(unknown[0], names) or "see fit.fixef for the names",
                )
            return np.array([float(self.sd.get(name, inf)) for name in names])
        pair = self.sd if isinstance(self.sd, tuple) else (self.sd, self.sd)
        return np.array([float(pair[0] if name == INTERCEPT else pair[1]) for name in names])

    def __repr__(self) -> str:
        if isinstance(self.sd, Mapping):
            return "Normal({" + ", ".join(f"{k!r}: {v:g}" for k, v in self.sd.items()) + "})"
        if isinstance(self.sd, tuple):
            return f"Normal(sd=({self.sd[0]:g}, {self.sd[1]:g}))"
        return f"Normal(sd={self.sd:g})"
