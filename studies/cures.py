"""When the remedy that a diagnosis names has cured: it was fitted, and gives the planted truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

import ranef as rn
from ranef.diagnose.findings import all_findings
from ranef.diagnose.ladder import Rung
from ranef.fit.subject import subject_of

__all__ = ["Asked", "Cure", "fit_holds"]

TRUTH = {"ses": 1.5, "size": 0.3, "effort": 0.0}
CONTEXT_EFFECT = 2.0
SD_SCHOOL = 1.5**0.5

SURE = 3.29
"""Standard errors from the planted value that are held to be chance: once in a thousand."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The model asked for, fitted and diagnosed, with its data."""

    data: pd.DataFrame
    fit: rn.Fit
    rungs: tuple[Rung, ...]
    summary: tuple[str, ...]

    def rung(self, key: str, title: str = "", rank: str = "") -> Rung | None:
        """A certified rung, by key, and by title or rank where these are given."""
        for rung in self.rungs:
            if rung.key == key and title in rung.title and rank in rung.ranks and rung.certified:
                return rung
        return None


@dataclass(frozen=True, slots=True)
class Cure:
    """A remedy.

    Attributes
    ----------
    name : str
        As in the table: what is fitted.
    works : callable
        Whether the diagnosis has fitted it and it gives the planted truth.
    """

    name: str
    works: Callable[[Asked], bool]

    def tried(self, formula: str, data: pd.DataFrame) -> bool:
        """Diagnose, and look at the remedy."""
        try:
            fit = rn.lmm(formula, data)
        except rn.DesignError as error:
            return _remedy_of(error)
        ladder = fit.diagnose().ladder
        return self.works(Asked(data, fit, ladder.rungs, ladder.summary))


def _true(effects: Iterable[tuple[str, float, float]], truth: Mapping[str, float]) -> bool:
    """Whether all coefficients are where they were planted, as far as their errors tell."""
    return all(
        abs(estimate - truth[name]) < SURE * error
        for name, estimate, error in effects
        if name in truth
    )


def _holds(rung: Rung | None) -> bool:
    return rung is not None and _true(
        ((e.name, e.estimate, e.std_error) for e in rung.effects), TRUTH
    )


def fit_holds(fit: rn.Fit) -> bool:
    errors = np.sqrt(np.diag(fit.vcov))
    return fit.certificate.certified and _true(
        zip(fit.fixef.index, fit.fixef.tolist(), errors.tolist(), strict=True), TRUTH
    )


def _silent(fit: rn.Fit, code: str) -> bool:
    """Whether the finding is gone."""
    return code not in {finding.code for finding in all_findings(subject_of(fit))}


def _remedy_of(error: rn.DesignError) -> bool:
    fit = error.remedy
    return fit is not None and fit.formula == "math ~ ses + size + (1 | school)" and fit_holds(fit)


def _context(asked: Asked) -> bool:
    rung = asked.rung("centred-mean")
    if rung is None or not _holds(rung):
        return False
    fit = rn.lmm(rung.formula, asked.data)
    within, between = (fit.fixef.index.get_loc(f"{f}(ses, school)") for f in ("within", "between"))
    contrast = np.zeros(len(fit.fixef))
    contrast[within], contrast[between] = -1.0, 1.0
    error = float(np.sqrt(contrast @ fit.vcov.to_numpy() @ contrast))
    found = float(contrast @ fit.fixef.to_numpy())
    return abs(found - CONTEXT_EFFECT) < SURE * error and _silent(fit, "contextual-effect")


def _perfect(asked: Asked) -> bool:
    rung = asked.rung("reduced-rank", rank="1 of 2")
    if rung is None or not _holds(rung):
        return False
    covariance = rn.lmm(rung.formula, asked.data).varcorr().dropna()["variance"].iloc[0]
    return bool(np.sign(covariance) == asked.data.attrs["sign"])


def _recommended(asked: Asked, part: str) -> bool:
    """Whether the page recommends a formula with this random part."""
    return any(each.startswith("Recommended: ") and part in each for each in asked.summary)


def _without(asked: Asked, level: str, code: str) -> rn.Fit | None:
    """The fit without a school, where the diagnosis has it too, and the finding is gone."""
    rung = asked.rung("without-group", f"without {level}")
    if rung is None or not _holds(rung):
        return None
    fit = rn.lmm(rung.formula, asked.data[asked.data["school"] != level])
    return fit if _silent(fit, code) else None


def _without_wild(asked: Asked) -> bool:
    """The standard deviation of schools is back: its 99 % profile interval has the planted one."""
    fit = _without(asked, "s017", "influential-group")
    if fit is None:
        return False
    intervals = fit.confint(method="profile", level=0.99)
    low, high = intervals.loc["sd__Intercept|school", ["conf_low", "conf_high"]]
    return bool(low < SD_SCHOOL < high)


CONTEXT = Cure("slopes within and between", _context)
RANK_0 = Cure("no random part", lambda a: _holds(a.rung("reduced-rank", "without school")))
INTERCEPTS = Cure("random intercepts", lambda a: _holds(a.rung("random-intercepts")))
RANK_1_OF_2 = Cure("rank 1", _perfect)
RANK_1_OF_3 = Cure("rank 1", lambda a: _holds(a.rung("reduced-rank", rank="1 of 3")))
ONE_FACTOR = Cure("one of the two factors", lambda a: _holds(a.rung("drop-term")))
WITHOUT_SEPARATED = Cure(
    "without the group", lambda a: _without(a, "s000", "separated-group") is not None
)
WITHOUT_WILD = Cure("without the group", _without_wild)
WITHOUT_COPIES = Cure("without the copies", lambda a: _holds(a.rung("without-copies")))
WITHOUT_INCOME = Cure(
    "without one of them", lambda a: _holds(a.rung("drop-predictor", "without income"))
)
WITH_SLOPE = Cure(
    "random slope", lambda a: _holds(a.rung("add-slope")) and _recommended(a, "(ses | school)")
)
NESTED = Cure(
    "rooms in schools", lambda a: _holds(a.rung("nested")) and _recommended(a, "school / room")
)
WITH_CELLS = Cure(
    "the cells too",
    lambda a: _holds(a.rung("add-interaction")) and _recommended(a, "(1 | judge:wine)"),
)
AS_ASKED = Cure("none: fixed effects hold", lambda a: fit_holds(a.fit))
