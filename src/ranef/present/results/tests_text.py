"""Tests of terms and of models as text, for those who do not look at a data frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ranef.page import paragraph
from ranef.present.text.numbers import figure, p_text, rounded, significant
from ranef.present.text.titled import titled_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["models_text", "terms_text"]


def terms_text(tests: pd.DataFrame, type: int, errors: str) -> str:
    """The tests of ``fit.anova``, F or chi-squared; `errors` says how they were made.

    Parameters
    ----------
    tests : DataFrame
    type : int
    errors : str
    """
    if "sum_sq" not in tests:
        return _chi_squared_text(tests, type)
    rows = [["Term", "Sum sq", "Mean sq", "df", "Error df", "F", "p"]]
    decimals = significant(tests["mean_sq"], 3)
    for term, row in tests.iterrows():
        squares = [figure(row[name], decimals) for name in ("sum_sq", "mean_sq")]
        dfs = [f"{row['num_df']:.0f}", _df(row["den_df"])]
        rows.append([str(term), *squares, *dfs, rounded(row["statistic"], 2), _p(row)])
    return titled_text([f"F tests of the terms, type {type} ({errors})"], rows)


def _chi_squared_text(tests: pd.DataFrame, type: int) -> str:
    rows = [["Term", "chi2", "df", "p"]]
    for term, row in tests.iterrows():
        rows.append([str(term), rounded(row["statistic"], 2), f"{row['df']:.0f}", _p(row)])
    return titled_text([f"Wald tests of the terms, type {type}"], rows)


def models_text(tests: pd.DataFrame) -> str:
    """The likelihood ratio tests of ``rn.anova``, with formulas and laws below.

    Parameters
    ----------
    tests : DataFrame
    """
    rows = [["Model", "npar", "AIC", "BIC", "Loglik", "Deviance", "Ratio", "df", "p"]]
    for k, row in enumerate(tests.to_dict("records"), start=1):
        criteria = [rounded(row[name], 2) for name in ("aic", "bic", "loglik", "deviance")]
        df = "" if k == 1 else str(row["df"])
        ratio = rounded(row["statistic"], 2)
        rows.append([str(k), str(row["npar"]), *criteria, ratio, df, _p(row)])
    notes = [_formula(k, str(formula)) for k, formula in enumerate(tests.index, start=1)]
    laws = [
        f"Law of the ratio, {k} against {k - 1}: {law}."
        for k, law in enumerate(tests["law"], start=1)
        if law
    ]
    text = titled_text(["Likelihood ratio tests, each model against the one above"], rows)
    lines = [line for law in laws for line in paragraph(law, rest="  ")]
    return "\n\n".join([text, "\n".join(notes), "\n".join(lines)])


def _formula(k: int, formula: str) -> str:
    return "\n".join(paragraph(f"Model {k}: {formula}", rest="  "))


def _df(value: float) -> str:
    return "Inf" if math.isinf(value) else rounded(value, 1)


def _p(row: Any) -> str:
    return p_text(float(row["p_value"]))
