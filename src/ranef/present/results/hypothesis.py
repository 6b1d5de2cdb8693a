"""The test of a linear hypothesis as a record that prints."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.inference.ddf.registry import in_words
from ranef.inference.hypotheses import Hypotheses
from ranef.inference.joint_tests import HypothesisTest
from ranef.present.text.numbers import fixed, p_text, rounded, significant
from ranef.present.text.titled import titled_html, titled_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LinearTest", "linear_test"]


@dataclass(frozen=True, slots=True, eq=False)
class LinearTest:
    """Whether linear hypotheses about the fixed effects hold, all at once.

    Attributes
    ----------
    statistic : float
        F, or chi-squared of a generalised model; of a one-sided test t (z), with its sign.
    num_df : int
        Hypotheses that do not follow from the others.
    den_df : float
        Infinite for ``ddf="asymptotic"``.
    p_value : float
    frame : DataFrame
        One row a hypothesis, its equation the index: estimate of the left side less the
        coefficients of the right, value under the hypothesis, std_error, df, statistic, p_value,
        conf_low and conf_high (95%; of a one-sided test one of them is infinite).
    ddf : str
    alternative : {"two-sided", "greater", "less"}
    normal : bool
        Whether tests are by the normal distribution: z and chi-squared.
    """

    statistic: float
    num_df: int
    den_df: float
    p_value: float
    frame: pd.DataFrame = field(repr=False)
    ddf: str = ""
    errors: str = ""
    alternative: str = "two-sided"
    normal: bool = False

    def _words(self) -> tuple[str, str]:
        df = "Inf" if math.isinf(self.den_df) else rounded(self.den_df, 1)
        p = p_text(self.p_value)
        p = f"< {p[1:]}" if p.startswith("<") else f"= {p}"
        if self.normal:
            return self._normal_words(p), "Wald test"
        if self.alternative == "two-sided":
            first = f"F({self.num_df}, {df}) = {rounded(self.statistic, 2)}, p {p}"
        else:
            first = f"t({df}) = {rounded(self.statistic, 2)}, one-sided p {p}"
        if math.isnan(self.statistic) and self.errors:
            first = f"too few clusters for a test of {self.num_df} hypotheses at once"
        return first, self.errors or in_words(self.ddf)

    def _normal_words(self, p: str) -> str:
        statistic = rounded(self.statistic, 2)
        if self.alternative == "two-sided":
            return f"chi2({self.num_df}) = {statistic}, p {p}"
        return f"z = {statistic}, one-sided p {p}"

    def _cells(self) -> list[list[str]]:
        t = ["z"] if self.normal else ["df", "t"]
        head = ["Hypothesis", "Estimate", "Value", "SE", *t, "p"]
        rows = [head]
        for label, row in self.frame.iterrows():
            d = significant([row["std_error"]], 3, least=2)
            df = "Inf" if math.isinf(row["df"]) else rounded(row["df"], 1)
            rows.append(
                [
                    str(label),
                    fixed(row["estimate"], d),
                    f"{row['value']:.6g}",
                    fixed(row["std_error"], d),
                    *([] if self.normal else [df]),
                    rounded(row["statistic"], 2),
                    p_text(row["p_value"]),
                ]
            )
        return rows

    def __str__(self) -> str:
        first, second = self._words()
        count = len(self.frame)
        notes = []
        if self.num_df < count:
            notes.append(f"{self.num_df} of the {count} hypotheses imply the others.")
        return titled_text([f"{first} ({second})"], self._cells(), notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, second = self._words()
        return titled_html("Test of linear hypotheses", f"{first} ({second})", self._cells())


def linear_test(
    hypotheses: Hypotheses,
    test: HypothesisTest,
    ddf: str,
    errors: str = "",
    *,
    normal: bool = False,
) -> LinearTest:
    """The record for a test by the method `ddf`; `errors` are standard errors in words.

    `normal` says that the tests are z and chi-squared.
    """
    import pandas as pd

    columns = {k: v.copy() for k, v in test.rows._asdict().items()}
    frame = pd.DataFrame(columns, index=pd.Index(hypotheses.labels, name="hypothesis"))
    frame.insert(1, "value", hypotheses.values)
    return LinearTest(
        test.statistic,
        test.num_df,
        test.den_df,
        test.p_value,
        frame,
        ddf,
        errors,
        hypotheses.alternative,
        normal,
    )
