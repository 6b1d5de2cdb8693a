"""Joint tests of linear hypotheses about the fixed effects."""

from __future__ import annotations

from dataclasses import dataclass

from ranef.inference.ddf import Method
from ranef.inference.ddf.rows import RowTests, one_sided, row_tests
from ranef.inference.hypotheses import Hypotheses
from ranef.types import Array

__all__ = ["HypothesisTest", "hypothesis_test"]


@dataclass(frozen=True, slots=True)
class HypothesisTest:
    """All rows of a hypothesis at once, and each of them.

    Attributes
    ----------
    statistic : float
        F, on `num_df` and `den_df` degrees of freedom, or chi-squared on `num_df` if the method
        takes the normal distribution; t, with its sign, of a one-sided test.
    rows : RowTests
    """

    statistic: float
    num_df: int
    den_df: float
    p_value: float
    rows: RowTests


def hypothesis_test(
    hypotheses: Hypotheses, beta: Array, method: Method, level: float = 0.95
) -> HypothesisTest:
    """Test L beta = r by a method for degrees of freedom.

    A single row may have an alternative on one side: then it is a t test.

    Parameters
    ----------
    hypotheses : Hypotheses
    beta : ndarray, shape (p,)
    method : Method
    level : float
        Of the intervals of the rows.
    """
    rows = hypotheses.rows
    if hypotheses.alternative != "two-sided":
        each = row_tests(rows, beta, method, level, hypotheses.values)
        each = one_sided(each, level, hypotheses.alternative == "greater")
        t, df, p = (float(v[0]) for v in (each.statistic, each.df, each.p_value))
        return HypothesisTest(t, 1, df, p, each)
    joint = method.joint(rows, rows @ beta - hypotheses.values)
    each = row_tests(rows, beta, method, level, hypotheses.values)
    return HypothesisTest(joint.statistic, joint.num_df, joint.den_df, joint.p_value, each)
