"""Parameters and conditional modes as a frame with the meanings of broom.mixed.

Column names are broom's with underscores for dots (``std.error`` is ``std_error``); names of
random-effect parameters are broom.mixed's (``sd__``, ``cor__``, ``sd__Observation``).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.errors import OptionError
from ranef.formula.naming import RESIDUAL, pairs
from ranef.options import confidence, one_of, shown
from ranef.present.protocol import FittedModel, coefficients_of, residual_sd
from ranef.present.ratios import need_ratio

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["tidy", "with_intervals"]

Effects = Literal["fixed", "ran_pars", "ran_vals"]
COLUMNS = (
    "effect",
    "group",
    "term",
    "estimate",
    "std_error",
    "df",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
)


def tidy(
    model: FittedModel,
    effects: Effects = "fixed",
    ddf: str = "auto",
    level: float = 0.95,
    vcov: Any = None,
    standardize: Literal["refit", "within", "basic"] | None = None,
    exponentiate: bool = False,
) -> pd.DataFrame:
    """One row a parameter or conditional mode.

    Parameters
    ----------
    model : FittedModel
    effects : {"fixed", "ran_pars", "ran_vals"}
        Fixed effects, those of the zero and dispersion parts and thresholds last; standard
        deviations and correlations; or conditional modes, whose standard errors are conditional on
        the parameters.
    ddf : str
        Degrees of freedom of the fixed effects, as in ``Fit.coefficients``.
    level : float
        Of the intervals, between 0 and 1.
    vcov : str or mapping, optional
        Standard errors of the fixed effects, as in ``Fit.coefficients``.
    standardize : {"refit", "within", "basic"}, optional
        Standardised results, as in ``Fit.tidy``.
    exponentiate : bool
        exp of the fixed effects, as in ``Fit.tidy``.

    Returns
    -------
    DataFrame
        Columns effect, group, term, estimate, std_error, df, statistic, p_value, conf_low,
        conf_high; for ``"ran_vals"`` a column level after group. What does not exist is NaN.

    Raises
    ------
    OptionError
        Unknown `effects`, `level` outside (0, 1), or exp of what is not a logarithm.
    """
    if exponentiate:
        _need_logarithms(model, effects)
        return _exponentiated(tidy(model, effects, ddf, level, vcov, standardize))
    confidence("level", level)
    one_of("effects", effects, ("fixed", "ran_pars", "ran_vals"))
    if standardize is not None:
        one_of("standardize", standardize, ("refit", "within", "basic", None))
    if standardize == "refit":
        return tidy(model._standardised(), effects, ddf, level, vcov)
    if effects == "fixed":
        frame = _fixed(model, ddf, level, vcov)
        frame = frame if standardize is None else _rescaled(frame, model, standardize)
        return _with_parts(frame, model, level)
    if standardize is not None:
        raise OptionError(
            f"standardize={standardize!r} is for fixed effects",
            found=f"effects={effects!r}",
            fix='use standardize="refit", or effects="fixed"',
        )
    if vcov is not None:
        raise OptionError(
            "vcov is for fixed effects",
            found=f"vcov={shown(vcov)} with effects={effects!r}",
            fix='use effects="fixed", or leave vcov out',
        )
    if effects == "ran_pars":
        return _ran_pars(model)
    return _ran_vals(model, level)


def _fixed(model: FittedModel, ddf: str, level: float, vcov: Any) -> pd.DataFrame:
    table = coefficients_of(model, ddf, level, vcov)
    frame = table.rename_axis(index="term").reset_index()
    return frame.assign(effect="fixed", group=None).reindex(columns=list(COLUMNS))


def _with_parts(frame: pd.DataFrame, model: FittedModel, level: float) -> pd.DataFrame:
    """The fixed effects, then the coefficients of the other parts of a generalised model."""
    import pandas as pd

    distribution = model._distribution
    if distribution is None or not distribution.parts:
        return frame
    z = NormalDist().inv_cdf(0.5 + level / 2)
    pieces = [frame]
    for part in distribution.parts:
        table = part.frame.rename_axis(index="term").reset_index()
        half = z * table["std_error"]
        made = table.assign(
            effect=part.part,
            df=math.inf,
            conf_low=table["estimate"] - half,
            conf_high=table["estimate"] + half,
        )
        pieces.append(made.reindex(columns=list(COLUMNS)))
    out = pd.concat([p.astype({"group": object}) for p in pieces], ignore_index=True)
    return out.assign(group=None)


def _rescaled(frame: pd.DataFrame, model: FittedModel, standardize: str) -> pd.DataFrame:
    """Estimates, errors and limits in standard deviations; tests are what they were."""
    units = model._coefficient_units(standardize == "within")
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    frame[columns] = frame[columns].mul(units, axis=0)
    return frame


def _need_logarithms(model: FittedModel, effects: str) -> None:
    """Refuse exp of anything but differences of logarithms.

    Raises
    ------
    OptionError
    """
    if effects != "fixed":
        raise OptionError(
            "exponentiate is for fixed effects",
            found=f"effects={shown(effects)}",
            fix='use effects="fixed", or leave exponentiate out',
        )
    need_ratio(model)


def _exponentiated(frame: pd.DataFrame) -> pd.DataFrame:
    """Ratios with errors by the delta method; tests are what they were."""
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    logarithms = frame["effect"].isin(["fixed", "zero"])
    ratio = np.exp(frame["estimate"])
    out = frame.assign(
        estimate=ratio,
        std_error=ratio * frame["std_error"],
        conf_low=np.exp(frame["conf_low"]),
        conf_high=np.exp(frame["conf_high"]),
    )
    out.loc[~logarithms, columns] = frame.loc[~logarithms, columns]
    return out


def _ran_pars(model: FittedModel) -> pd.DataFrame:
    import pandas as pd

    rows: list[tuple[str, str, str, float]] = []
    for term in model._covariances:
        names, group = term.label.names, term.label.label
        rows += [
            ("ran_pars", group, f"sd__{name}", sd)
            for name, sd in zip(names, term.sds.tolist(), strict=True)
        ]
        both = pairs([(names[i], names[j]) for i, j in term.pairs])
        rows += [
            ("ran_pars", group, f"cor__{name}", term.correlation(i, j))
            for name, (i, j) in zip(both, term.pairs, strict=True)
        ]
    if model._has_residual:
        rows.append(("ran_pars", RESIDUAL, "sd__Observation", residual_sd(model)))
        lines = model._residual_lines
        rows += [
            ("ran_pars", RESIDUAL, f"sd__{line.label}" if line.sd else line.label, line.value)
            for line in (lines[1:] if lines and lines[0].sd else lines)
        ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS[:4])).reindex(columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(COLUMNS[3:], float))


def with_intervals(frame: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """The rows of fixed effects or variance parameters with other intervals.

    Parameters
    ----------
    frame : DataFrame
        What `tidy` gives.
    intervals : DataFrame
        conf_low, conf_high and std_error by parameter; standard errors are taken for parameters of
        variances only.
    """
    names = [
        ("sigma" if term == "sd__Observation" and group == RESIDUAL else f"{term}|{group}")
        if effect == "ran_pars"
        else term
        for effect, group, term in zip(frame["effect"], frame["group"], frame["term"], strict=True)
    ]
    own = intervals.reindex(names)
    changed = {c: own[c].to_numpy(dtype=float) for c in ("conf_low", "conf_high")}
    if len(frame) and frame["effect"].iloc[0] == "ran_pars":
        changed["std_error"] = own["std_error"].to_numpy(dtype=float)
    return frame.assign(**changed)


def _ran_vals(model: FittedModel, level: float) -> pd.DataFrame:
    import pandas as pd

    z = NormalDist().inv_cdf(0.5 + level / 2)
    terms = {group: list(frame.columns) for group, frame in model.ranef(condvar=False).items()}
    columns = [*COLUMNS[:2], "level", *COLUMNS[2:]]
    pieces = []
    for group, frame in model.ranef(condvar=True).items():
        for term in terms[group]:
            estimate = frame[term].to_numpy(dtype=float)
            std_error = frame[f"{term}_sd"].to_numpy(dtype=float)
            piece = pd.DataFrame(
                {
                    "effect": "ran_vals",
                    "group": group,
                    "level": frame.index.astype(str),
                    "term": term,
                    "estimate": estimate,
                    "std_error": std_error,
                    "df": math.nan,
                    "statistic": math.nan,
                    "p_value": math.nan,
                    "conf_low": estimate - z * std_error,
                    "conf_high": estimate + z * std_error,
                }
            )
            pieces.append(piece)
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=columns)
