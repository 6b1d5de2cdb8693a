"""Tests within a fit: of linear hypotheses and of terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ranef.errors import warn
from ranef.fit.mixed_record import MixedRecord
from ranef.options import one_of
from ranef.present.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.results.hypothesis import LinearTest

__all__ = ["Tested"]


class Tested(MixedRecord):
    """The methods that test; each delegates to a function."""

    def test(  # the field's word for it, not a test of the project
        self,
        hypotheses: Any,
        ddf: str = "auto",  # noqa: PT028
        vcov: Any = None,  # noqa: PT028
        alternative: Literal["two-sided", "greater", "less"] | None = None,  # noqa: PT028
    ) -> LinearTest:
        """Test linear hypotheses about the fixed effects, all at once.

        Parameters
        ----------
        hypotheses : str, list of str, or array-like, shape (m, p) or (p,)
            Equations between commas, in the names of the coefficients: ``"ses = 0, ses:sector =
            -1"``, ``"a = b = c"``, ``"(a + b) / 2 = c"``; without ``=`` compared with 0. The rows
            of a matrix times the coefficients (those of :attr:`vcov`) are compared with 0. A single
            hypothesis may be one-sided: ``"ses > 0"`` states the alternative, so that a small p
            value is evidence for it.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Denominator degrees of freedom, as in :meth:`coefficients`. With few groups and several
            hypotheses take ``"kenward-roger"``: its F is scaled, and does not depend on how the
            hypotheses are written.
        vcov : str or mapping, optional
            ``"CR2"`` and others of :meth:`robust`: cluster-robust standard errors, with clusters
            that are levels of the outermost grouping factor; ``{"CR2": cluster}`` for others.
            Several hypotheses are then tested by the approximate Hotelling statistic.
        alternative : {"two-sided", "greater", "less"}, optional
            The side on which a single hypothesis is expected to fail, if the text does not say so:
            ``"greater"`` is ``>``.

        Returns
        -------
        LinearTest
            ``statistic`` (F; t of a one-sided test), ``num_df``, ``den_df``, ``p_value``, and
            ``frame`` with the t test of each equation; prints as a table.

        Raises
        ------
        OptionError
            Hypotheses that cannot be read, name another coefficient or contradict each other;
            several of which one is one-sided; another `ddf` or `vcov`, or one that does not apply.

        References
        ----------
        Fai and Cornelius (1996), Journal of Statistical Computation and Simulation 54, 363-378.
        Kenward and Roger (1997), Biometrics 53, 983-997. Pustejovsky and Tipton (2018), Journal of
        Business & Economic Statistics 36, 672-683.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> print(fit.test("Machine[T.B] = Machine[T.C], Machine[T.B] = 8"))
        F(2, 46.0) = 21.13, p < 0.001 (Satterthwaite degrees of freedom)
        <BLANKLINE>
          Hypothesis                   Estimate  Value    SE    df      t       p
          Machine[T.B] = Machine[T.C]     -5.95      0  1.05  46.0  -5.65  <0.001
          Machine[T.B] = 8                 7.97      8  1.05  46.0  -0.03   0.975
        """
        from ranef.inference.hypotheses import hypotheses as read
        from ranef.inference.joint_tests import hypothesis_test
        from ranef.present.results.hypothesis import linear_test

        made = read(hypotheses, self._design.x_names, self._design.dropped, alternative)
        method = self._method(ddf, vcov)
        test = hypothesis_test(made, self._estimates.beta, method)
        return linear_test(made, test, ddf, self._errors_in_words(vcov), normal=method.normal)

    @progress("testing the terms")
    def anova(
        self, type: Literal[1, 2, 3] = 3, ddf: str = "auto", vcov: Any = None
    ) -> pd.DataFrame:
        """F tests of the terms of the fixed part, the intercept left out.

        Parameters
        ----------
        type : {1, 2, 3}
            1: each term after those before it in the formula. 2: each term after all others but
            those that contain it, as ``a:b`` contains ``a``. 3: means over the combinations of the
            levels of the other categories, each with the same weight, whatever the contrasts of
            the fit. Numbers are at zero: the test of ``a`` in ``a * x`` is about x = 0.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Denominator degrees of freedom. ``"kenward-roger"`` scales F too.
        vcov : str or mapping, optional
            ``"CR2"`` and others of :meth:`robust`: cluster-robust standard errors, with clusters
            that are levels of the outermost grouping factor; ``{"CR2": cluster}`` for others.

        Returns
        -------
        DataFrame
            One row a term: sum_sq, mean_sq, num_df, den_df, statistic (F), p_value. The mean
            square is the residual variance times F before it is scaled. A term that was left out
            of the fit has 0 and NaN.

        Raises
        ------
        OptionError
            Another `type`, `ddf` or `vcov`, or one that does not apply.

        Warns
        -----
        UserWarning
            Type III where some combinations of levels have no data: the tests of the terms that
            such a combination belongs to depend on which ones are missing.

        References
        ----------
        Kuznetsova, Brockhoff and Christensen (2017), lmerTest package: tests in linear mixed
        effects models, Journal of Statistical Software 82(13).

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> table = fit.anova()[["num_df", "den_df", "statistic"]]
        >>> table.round(2)  # doctest: +NORMALIZE_WHITESPACE
                 num_df  den_df  statistic
        term
        Machine       2    46.0       87.8
        """
        from ranef.present.frames.anova import anova_frame

        two = "rn.anova(m1, m2) compares models" if isinstance(type, MixedRecord) else ""
        what = "the type of an analysis of variance is 1, 2 or 3"
        one_of("type", type, (1, 2, 3), what=what, fix=two)
        method = self._method(ddf, vcov)
        hypotheses = self._of_terms(type)
        tests = self._term_tests(hypotheses, method)
        if hypotheses.empty:
            warn(
                UserWarning,
                "some combinations of levels have no data",
                found=", ".join(hypotheses.empty),
                fix="read type 3 tests of their terms with care, or use type=2",
            )
        return anova_frame(hypotheses.names, tests)
