"""The test of a linear hypothesis as a record that prints."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.inference.ddf.registry import in_words
from ranef.inference.hypotheses import Hypotheses
from ranef.inference.joint_tests import HypothesisTest
from ranef.page.phrases import one_of_them, p_value
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
        p = p_value(self.p_value)
        if self.normal:
            return self._normal_words(p), "Wald test"
        if self.alternative == "two-sided":
            first = f"F({self.num_df}, {df}) = {rounded(self.statistic, 2)}, {p}"
        else:
            first = f"t({df}) = {rounded(self.statistic, 2)}, one-sided {p}"
        if math.isnan(self.statistic) and self.errors:
            first = f"too few clusters for a test of {self.num_df} hypotheses at once"
        return first, self.errors or in_words(self.ddf)

    def _normal_words(self, p: str) -> str:
        statistic = rounded(self.statistic, 2)
        if self.alternative == "two-sided":
            return f"chi2({self.num_df}) = {statistic}, {p}"
        return f"z = {statistic}, one-sided {p}"

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

    def _notes(self) -> list[str]:
        count = len(self.frame)
        if self.num_df >= count:
            return []
        imply = one_of_them(self.num_df, "implies", "imply")
        return [f"{self.num_df} of the {count} hypotheses {imply} the others."]

    def __str__(self) -> str:
        first, second = self._words()
        return titled_text([f"{first} ({second})"], self._cells(), self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, second = self._words()
        title, said = "Test of linear hypotheses", [f"{first} ({second})"]
        return titled_html(title, "", self._cells(), self._notes(), said=said)


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
