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


def _of_the_school(rng: Rng) -> pd.DataFrame:
    """Of two values in every other data set: then the model is refused, else it is fitted."""
    data = _schools(rng)
    if rng.random() < 0.5:
        data["size"] = (data["size"] > data["size"].median()).astype(float)
    return _answer(rng, data, _INTERCEPT)


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


def _classes(rng: Rng) -> pd.DataFrame:
    """Four classes in each school, numbered anew."""
    school = np.repeat(np.arange(25), 32)
    room = np.repeat(np.arange(100), 8)
    ses = rng.normal(size=800)
    y = 10.0 + 1.5 * ses + rng.normal(size=25)[school] + rng.normal(size=100)[room]
    return pd.DataFrame(
        {
            "school": [f"s{j:02d}" for j in school],
            "room": [f"c{j % 4 + 1}" for j in room],
            "ses": ses,
            "math": y + 2.0 * rng.normal(size=800),
        }
    )


def _treatments(rng: Rng) -> pd.DataFrame:
    """Judges rate wines more than once, and have wines of their own that they like."""
    judge, wine = (a.ravel() for a in np.meshgrid(np.arange(20), np.arange(15)))
    judge, wine = np.repeat(judge, 3), np.repeat(wine, 3)
    cell = judge * 15 + wine
    ses = rng.normal(size=900)
    y = 10.0 + 1.5 * ses + rng.normal(size=20)[judge] + rng.normal(size=15)[wine]
    return pd.DataFrame(
        {
            "judge": [f"j{j:02d}" for j in judge],
            "wine": [f"w{j:02d}" for j in wine],
            "ses": ses,
            "math": y + 1.0 * rng.normal(size=300)[cell] + 2.0 * rng.normal(size=900),
        }
    )


def _waves(rng: Rng, rho: float = 0.6, pupils: int = 40, waves: int = 15) -> pd.DataFrame:
    """Residuals of one variance that are alike from wave to wave."""
    e = np.empty((pupils, waves))
    e[:, 0] = rng.normal(size=pupils)
    for t in range(1, waves):
        e[:, t] = rho * e[:, t - 1] + np.sqrt(1.0 - rho**2) * rng.normal(size=pupils)
    code, wave = (
        a.ravel() for a in np.meshgrid(np.arange(pupils), np.arange(waves), indexing="ij")
    )
    ses = rng.normal(size=code.size)
    y = 10.0 + 1.5 * ses + 0.1 * wave + rng.normal(size=pupils)[code] + 2.0 * e.ravel()
    return pd.DataFrame({"pupil": [f"p{j:02d}" for j in code], "wave": wave, "ses": ses, "math": y})


def _clean_waves(rng: Rng) -> pd.DataFrame:
    return _waves(rng, rho=0.0)


def _rivals(rng: Rng) -> pd.DataFrame:
    """Pairs that share a total: what one gains the other loses."""
    z = rng.normal(size=(60, 2))
    z = z - 0.8 * z.mean(axis=1, keepdims=True)
    ses = rng.normal(size=120)
    return pd.DataFrame(
        {
            "pair": [f"p{j:02d}" for j in np.repeat(np.arange(60), 2)],
            "ses": ses,
            "math": 10.0 + 1.5 * ses + 2.0 * z.ravel(),
        }
    )


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
    Cause("waves of pupils", "math ~ ses + wave + (1 | pupil)", _clean_waves, (), ()),
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
        _of_the_school,
        ("constant-slope",),
        ("size", "school"),
        cures.INTERCEPTS,
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
    Cause("missing slope", _BASE, _clean, ("missing-slope",), ("ses", "school"), cures.WITH_SLOPE),
    Cause(
        "classes numbered anew in each school",
        "math ~ ses + (1 | school) + (1 | room)",
        _classes,
        ("reused-labels",),
        ("'room' seems to be numbered anew", "'school'"),
        cures.NESTED,
    ),
    Cause(
        "missing interaction of crossed factors",
        "math ~ ses + (1 | judge) + (1 | wine)",
        _treatments,
        ("missing-interaction",),
        ("judge:wine",),
        cures.WITH_CELLS,
    ),
    Cause(
        "serial correlation of 0.6",
        "math ~ ses + wave + (wave | pupil)",
        _waves,
        ("serial-correlation",),
        ("wave", "pupil"),
        cures.AS_ASKED,
    ),
    Cause(
        "rows of a pair less alike than chance",
        "math ~ ses + (1 | pair)",
        _rivals,
        ("negative-correlation",),
        ("pair",),
        cures.AS_ASKED,
    ),
    *(
        Cause(name, formula, partial(_changed, change), (code,), words, columns.CURES[code])
        for name, formula, change, code, words in columns.PLANTED
    ),
)
