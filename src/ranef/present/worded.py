"""A fit in words and in the code of other programs, as methods for the facade to inherit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from ranef.present.code.script import Script
    from ranef.present.equation.equation import Equation
    from ranef.present.equation.written import Form
    from ranef.present.paper.methods import Methods
    from ranef.present.paper.sentence import Sentence
    from ranef.present.protocol import FittedModel
    from ranef.present.request import Request

__all__ = ["Worded"]


class Worded:
    """Methods that put a fitted model into words for a paper."""

    @property
    @abstractmethod
    def _request(self) -> Request:
        """The model and the options of the fit."""

    def equation(self, form: Form = "both", labels: Mapping[str, str] | None = None) -> Equation:
        r"""The model in LaTeX, by levels and in mixed form.

        Lines fit into the text of an article (345 points). A level of a category is an indicator,
        I(sex = male); a category of many levels is a sum over its levels.

        Parameters
        ----------
        form : {"both", "levels", "mixed"}
            ``"levels"``: an equation for each level of a model with nested groups (Raudenbush and
            Bryk 2002, chapters 2 and 8), with each predictor on the level that it varies on.
            ``"mixed"``: one equation. ``"both"``: the two, or the second alone for a model that
            is not written by levels.
        labels : mapping of str to str, optional
            Words by column, beside those that the fit has.

        Returns
        -------
        Equation
            A string, for a document with the package amsmath. Notebooks typeset it.

        Raises
        ------
        OptionError
            Another form, or ``"levels"`` of a model that is not written by levels.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> print(fit.equation("levels").splitlines()[2])
        \text{Level 2:} \quad \beta_{0j} &= \gamma_{00} + u_{0j} \\
        """
        from ranef.present.equation.equation import equation

        return equation(cast("FittedModel", self), form, labels)

    def methods(
        self,
        ddf: str = "auto",
        vcov: Any = None,
        level: float = 0.95,
        labels: Mapping[str, str] | None = None,
    ) -> Methods:
        """A methods paragraph for a paper, with its references.

        It says what was fitted, to which rows, how it was estimated and tested, and whether the
        estimates are at an optimum. If the fit is singular it says so, and what that means.

        Parameters
        ----------
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom of the tests that the paper reports, as in :meth:`summary`.
        vcov : str or mapping, optional
            Robust standard errors, as in :meth:`summary`.
        level : float
            Of the confidence intervals, between 0 and 1.
        labels : mapping of str to str, optional
            Words by column, beside those that the fit has.

        Returns
        -------
        Methods
            A string. Notebooks and Markdown set what is to be in italics; ``.paragraph`` is the
            text alone, ``.references`` its sources.

        Raises
        ------
        OptionError
            Another `ddf`, `vcov` or `level`.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.methods().paragraph[:85]
        'We fitted a linear mixed model for Reaction to 180 rows, grouped by Subject (18 level'
        """
        from ranef.present.paper.methods import methods

        return methods(cast("FittedModel", self), self._request, ddf, vcov, level, labels)

    def sentence(
        self,
        term: str,
        *,
        interval: bool = True,
        ddf: str = "auto",
        vcov: Any = None,
        level: float = 0.95,
        exponentiate: bool = False,
        standardize: Literal["refit", "within", "basic"] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Sentence:
        """A sentence about a fixed effect with its numbers in APA style (7th edition).

        It claims an association and not a cause. What must be known to read the numbers follows in
        further sentences: the values of other variables at which the coefficient of an interaction
        holds, a singular fit, robust errors, a prior.

        Parameters
        ----------
        term : str
            A coefficient (``"ses"``, ``"sex[T.F]"``), or a term; of a category with several columns
            the sentence has the test of all of them (type III). Names as tables print them do too.
        interval : bool
            With a confidence interval.
        ddf, vcov
            Degrees of freedom and standard errors, as in :meth:`summary`.
        level : float
            Of the interval. A p value above 1 - level makes it "did not significantly predict".
        exponentiate : bool
            The odds ratio, rate ratio or ratio instead of the coefficient.
        standardize : str, optional
            The standardised coefficient, by one of the methods of :meth:`tidy`.
        labels : mapping of str to str, optional
            Words by column, beside those that the fit has.

        Returns
        -------
        Sentence
            A string. Notebooks and Markdown set the letters of statistics in italics.

        Raises
        ------
        OptionError
            The fixed part has no such term, or it was left out of the fit; another option is
            outside of what it accepts.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> print(fit.sentence("Days", interval=False))
        Days predicted Reaction, b = 10.47, SE = 1.55, t(17.0) = 6.77, p < .001.
        """
        from ranef.present.paper.sentence import sentence

        return sentence(
            cast("FittedModel", self),
            self._request,
            term,
            interval=interval,
            ddf=ddf,
            vcov=vcov,
            level=level,
            exponentiate=exponentiate,
            standardize=standardize,
            labels=labels,
        )

    def code(self, program: str, data: str = "data.csv") -> Script:
        """Code of another program that fits the same model.

        The formula is translated from what it means, not from its text. Where names, weights or
        contrasts differ between the programs, the code makes the columns that it needs. What makes
        the program's answers differ from these stands in comments.

        Parameters
        ----------
        program : {"lme4", "glmmTMB", "nlme", "MixedModels.jl", "Stata", "SPSS", "statsmodels"}
            In any case.
        data : str
            The name of the file that the code reads: the data of the fit, with the names of their
            columns in the first line.

        Returns
        -------
        Script
            A string.

        Raises
        ------
        OptionError
            Another program, or one that cannot fit this model: the error says what it lacks, and
            which program has it.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> print(fit.code("lme4"))
        library(lme4)
        d <- read.csv("data.csv", check.names = FALSE, na.strings = c("NA", ""))
        fit <- lmer(Reaction ~ Days + (Days | Subject), data = d, REML = TRUE)
        summary(fit)
        """
        from ranef.present.code.registry import code

        return code(cast("FittedModel", self), self._request, program, data)
