"""Data sets in which exactly one thing is the matter, and clean ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from studies import columns, cures
from studies.cures import Cure

__all__ = ["CAUSES", "CLEAN", "Cause"]

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause: how data with it are drawn, what names it and what cures it.

    Attributes
    ----------
    name : str
        As in the table.
    formula : str
        The model that is fitted.
    draw : callable
        Random generator to data.
    codes : tuple of str
        Findings that name the cause.
    words : tuple of str
        What the message of such a finding holds: the variables at fault.
    cure : Cure or None
        The remedy that the diagnosis names, and when it has cured; None for clean data.
    """

    name: str
    formula: str
    draw: Callable[[Rng], pd.DataFrame]
    codes: tuple[str, ...]
    words: tuple[str, ...]
    cure: Cure | None = None


def _schools(rng: Rng, groups: int = 50, low: int = 10, high: int = 30) -> pd.DataFrame:
    """Pupils in schools: ses varies within and between them, size is the school's."""
    rows = rng.integers(low, high + 1, groups)
    school = np.repeat(np.arange(groups), rows)
    ses = 0.6 * rng.normal(size=groups)[school] + rng.normal(size=school.size)
    names = np.array([f"s{j:03d}" for j in range(groups)])
    return pd.DataFrame(
        {
            "school": names[school],
            "ses": ses,
            "size": np.round(rng.lognormal(6.0, 0.4, groups))[school] / 100.0,
            "code": school,
        }
    )


def _answer(
    rng: Rng,
    data: pd.DataFrame,
    covariance: np.ndarray,
    columns: tuple[str, ...] = ("ses",),
    mean: np.ndarray | float = 0.0,
    noise: np.ndarray | float = 2.0,
) -> pd.DataFrame:
    """Add the response: 10 + 1.5 ses + 0.3 size + mean + school effects + noise."""
    code = data["code"].to_numpy()
    groups = int(code.max()) + 1
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    b = rng.normal(size=(groups, covariance.shape[0])) @ root.T
    z = np.column_stack([np.ones(len(data)), *(data[c].to_numpy() for c in columns)])
    y = 10.0 + 1.5 * data["ses"].to_numpy() + 0.3 * data["size"].to_numpy() + mean
    y = y + np.einsum("ij,ij->i", z[:, : b.shape[1]], b[code])
    return data.assign(math=y + noise * rng.normal(size=len(data))).drop(columns="code")


_BOTH = np.array([[1.5, 0.2], [0.2, 0.5]])
_INTERCEPT = np.array([[1.5]])


def _clean(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng), _BOTH)


def _clean_intercept(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng, groups=30), _INTERCEPT)


def _clean_few(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng, groups=12, low=8, high=15), _INTERCEPT)


def _clean_many(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng, groups=200, low=4, high=10), _BOTH)


def _clean_crossed(rng: Rng) -> pd.DataFrame:
    subject, item = (a.ravel() for a in np.meshgrid(np.arange(40), np.arange(20)))
    word = np.where(item % 2, 0.5, -0.5)
    age = rng.normal(size=40)[subject]
    y = 6.0 + 0.2 * word + 0.3 * rng.normal(size=40)[subject] + 0.2 * rng.normal(size=20)[item]
    y = y + 0.15 * (rng.normal(size=40)[subject] * word) + 0.1 * age
    return pd.DataFrame(
        {
            "rt": y + 0.3 * rng.normal(size=800),
            "word": word,
            "age": age,
            "subject": [f"p{s:02d}" for s in subject],
            "item": [f"i{i:02d}" for i in item],
        }
    )


def _clean_nested(rng: Rng) -> pd.DataFrame:
    school = np.repeat(np.arange(30), 60)
    room = np.repeat(np.arange(120), 15)
    x = rng.normal(size=1800) + 0.5 * rng.normal(size=120)[room]
    y = 1.0 + 0.5 * x + rng.normal(size=30)[school] + 0.8 * rng.normal(size=120)[room]
    return pd.DataFrame(
        {
            "y": y + 1.5 * rng.normal(size=1800),
            "x": x,
            "school": [f"s{s}" for s in school],
            "room": [f"r{r}" for r in room],
        }
    )


def _context(rng: Rng) -> pd.DataFrame:
    data = _schools(rng)
    means = data.groupby("school")["ses"].transform("mean").to_numpy()
    return _answer(rng, data, _BOTH, mean=2.0 * means)


def _plain(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng), _INTERCEPT)


def _changed(change: columns.Draw, rng: Rng) -> pd.DataFrame:
    """Clean data, ses in quarters, of which one column is changed."""
    data = _schools(rng)
    data["ses"] = np.round(4.0 * data["ses"]) / 4.0
    return change(rng, _answer(rng, data, _INTERCEPT))


def _zero(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng), 0.0 * _INTERCEPT)


def _zero_slope(rng: Rng) -> pd.DataFrame:
    return _answer(rng, _schools(rng), np.diag([1.5, 0.0]))


def _perfect(rng: Rng) -> pd.DataFrame:
    sign = 1.0 if rng.random() < 0.5 else -1.0
    data = _answer(rng, _schools(rng), np.outer([1.2, sign * 0.7], [1.2, sign * 0.7]))
    data.attrs["sign"] = sign
    return data


def _two_flat(rng: Rng) -> pd.DataFrame:
    data = _schools(rng)
    data["effort"] = rng.normal(size=len(data))
    root = np.array([1.2, 0.7, -0.6])
    return _answer(rng, data, np.outer(root, root), columns=("ses", "effort"))


def _duplicated(rng: Rng) -> pd.DataFrame:
    data = _answer(rng, _schools(rng), _INTERCEPT)
    names = sorted(set(data["school"]))
    other = dict(zip(names, rng.permutation([f"h{j:03d}" for j in range(len(names))]), strict=True))
    return data.assign(head=data["school"].map(other))


def _separated(rng: Rng) -> pd.DataFrame:
    data = _schools(rng)
    code = data["code"].to_numpy()
    kind = np.where(code == 0, "boarding", np.where(code % 2, "private", "public"))
    return _answer(rng, data, _INTERCEPT).assign(kind=kind)


def _wild(rng: Rng) -> pd.DataFrame:
    data = _schools(rng)
    wild = (data["code"].to_numpy() == 17).astype(float)
    return _answer(rng, data, _INTERCEPT, mean=10.0 * wild)


def _uneven(rng: Rng) -> pd.DataFrame:
    data = _schools(rng)
    sigma = 2.0 * np.exp(0.4 * rng.normal(size=50))[data["code"].to_numpy()]
    return _answer(rng, data, _INTERCEPT, noise=sigma)


def _skewed(rng: Rng) -> pd.DataFrame:
    data = _schools(rng)
    effects = 2.0 * (rng.exponential(size=50) - 1.0)
    return _answer(rng, data, 0.0 * _INTERCEPT, mean=effects[data["code"].to_numpy()])


def _copied(rng: Rng) -> pd.DataFrame:
    data = _answer(rng, _schools(rng), _INTERCEPT)
    copies = data.iloc[rng.choice(len(data), size=20, replace=False)]
    return pd.concat([data, copies], ignore_index=True)


def _almost_constant(rng: Rng) -> pd.DataFrame:
    data = _answer(rng, _schools(rng), _INTERCEPT)
    row = int(rng.integers(len(data)))
    data.loc[row, "size"] += 1.0
    return data


def _collinear(rng: Rng) -> pd.DataFrame:
    data = _answer(rng, _schools(rng), _INTERCEPT)
    return data.assign(income=2.0 * data["ses"] + 0.05 * rng.normal(size=len(data)))


_SINGULAR = ("boundary", "nearly-singular")
_BASE = "math ~ ses + size + (1 | school)"
_SLOPE = "math ~ ses + size + (ses | school)"

CLEAN = (
    Cause("random slope, 50 groups", _SLOPE, _clean, (), ()),
    Cause("random intercept, 30 groups", _BASE, _clean_intercept, (), ()),
    Cause("random intercept, 12 groups", _BASE, _clean_few, (), ()),
    Cause("random slope, 200 small groups", _SLOPE, _clean_many, (), ()),
    Cause(
        "crossed subjects and items",
        "rt ~ word + age + (word | subject) + (1 | item)",
        _clean_crossed,
        (),
        (),
    ),
    Cause("rooms in schools", "y ~ x + (1 | school/room)", _clean_nested, (), ()),
)

CAUSES = (
    Cause(
        "missing contextual effect",
        _SLOPE,
        _context,
        ("contextual-effect",),
        ("ses", "school"),
        cures.CONTEXT,
    ),
    Cause(
        "slope of a variable that is constant within groups",
        "math ~ ses + size + (size | school)",
        _plain,
        ("constant-slope",),
        ("size", "school"),
        cures.WITHOUT_SLOPE,
    ),
    Cause("variance of zero", _BASE, _zero, _SINGULAR, ("the school intercept",), cures.RANK_0),
    Cause(
        "slope variance of zero",
        "math ~ ses + size + (ses || school)",
        _zero_slope,
        _SINGULAR,
        ("the slope of ses",),
        cures.INTERCEPTS,
    ),
    Cause(
        "correlation of exactly +1 or -1",
        _SLOPE,
        _perfect,
        _SINGULAR,
        ("the school intercept", "the slope of ses", "perfectly correlated"),
        cures.RANK_1_OF_2,
    ),
    Cause(
        "two flat directions",
        "math ~ ses + size + effort + (ses + effort | school)",
        _two_flat,
        ("supported-rank",),
        ("1 of the 3",),
        cures.RANK_1_OF_3,
    ),
    Cause(
        "a factor under two names",
        "math ~ ses + size + (1 | school) + (1 | head)",
        _duplicated,
        ("same-groups", "flat"),
        ("school", "head"),
        cures.ONE_FACTOR,
    ),
    Cause(
        "a fixed effect that one group decides",
        "math ~ ses + kind + (1 | school)",
        _separated,
        ("separated-group",),
        ("kind", "s000"),
        cures.WITHOUT_SEPARATED,
    ),
    Cause(
        "one wild group",
        _BASE,
        _wild,
        ("influential-group",),
        ("s017",),
        cures.WITHOUT_WILD,
    ),
    Cause(
        "unequal residual variances",
        _BASE,
        _uneven,
        ("unequal-variances",),
        ("school",),
        cures.AS_ASKED,
    ),
    Cause(
        "skewed random effects",
        _BASE,
        _skewed,
        ("non-normal-effects",),
        ("the school intercept", "right"),
        cures.AS_ASKED,
    ),
    Cause("copied rows", _BASE, _copied, ("duplicated-rows",), ("20 rows",), cures.WITHOUT_COPIES),
    Cause(
        "slope of a variable that varies in one group",
        "math ~ ses + size + (size | school)",
        _almost_constant,
        ("almost-constant-within",),
        ("size", "school"),
        cures.INTERCEPTS,
    ),
    Cause(
        "collinear predictors",
        "math ~ ses + income + (1 | school)",
        _collinear,
        ("collinear-columns",),
        ("ses", "income"),
        cures.WITHOUT_INCOME,
    ),
    *(
        Cause(name, formula, partial(_changed, change), (code,), words, columns.CURES[code])
        for name, formula, change, code, words in columns.PLANTED
    ),
)
