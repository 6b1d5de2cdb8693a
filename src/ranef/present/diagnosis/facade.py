"""The diagnosis of a fit: findings, and a ladder of remedies that have been tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ranef.diagnose.ladder import Rung
from ranef.present.diagnosis.html import render_html
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.present.diagnosis.text import render_text
from ranef.present.text.plain import plain, to_json

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["Diagnosis"]


class Diagnosis(DiagnosisRecord):
    """What is worth knowing about a fit, and what other models would say.

    ``str()`` is a page of at most 100 columns; notebooks show it as HTML.

    Attributes
    ----------
    formula : str
    reml : bool
    nobs : int
    groups : mapping of str to int
        Levels of each grouping factor.
    findings : tuple of Finding
        About the data and the fit; each has ``code``, ``severity``, ``message``, ``evidence``,
        ``where`` and ``fix``.
    ladder : Ladder
        The rungs as records, the asked model first.
    model : str
        Family and method of a generalised model; empty for a linear one.
    words : Words
        What readers call variables and coefficients.
    """

    __slots__ = ()

    @property
    def remedies(self) -> pd.DataFrame:
        """One row a rung, the asked model first; each is fitted unless its verdict says not.

        Notes
        -----
        Its columns:

        rung, title, formula
            Stable name, a few words, the model.
        verdict, rank
            Of the certificate; rank and size of each covariance matrix.
        criterion, comparable
            As the asked model was fitted; whether it compares with that of the asked model.
        nobs, df, loglik_ml, aic_ml, bic_ml
            Rows used; parameters; criteria of the same model fitted by ML, comparable over all
            rungs with the same rows.
        <name>, <name> se, <name> change, <name> se_ratio
            For each fixed effect of the asked model but the intercept: estimate, standard error,
            change of the estimate in standard errors of the asked model, ratio of the standard
            errors. NaN where the rung has no such coefficient.
        max_change
            Largest absolute change.
        conclusions
            ``"hold"``, or the coefficients whose 95% interval holds zero in one of the two models
            and not in the other.
        statistic, test, p_value, p_low
            Likelihood-ratio test: deviance units; models, method and law; p value. Where only
            bounds of the p value are known, ``p_value`` is the upper one.
        judgement, code
            A sentence or two; the call to type.
        """
        import pandas as pd

        return pd.DataFrame([_row(rung, self._focal) for rung in self.ladder.rungs])

    @property
    def _focal(self) -> list[str]:
        return [effect.name for effect in self.ladder.rungs[0].effects]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values.

        Returns
        -------
        dict
            formula, reml, nobs, ngroups, verdict, remedy (whether there is something to remedy),
            summary, looked_at (larger random parts), findings, remedies (list of rungs with their
            effects and test).

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> fit.diagnose().to_dict()["verdict"]
        'interior optimum'
        """
        return {
            "formula": self.formula,
            "reml": self.reml,
            "nobs": self.nobs,
            "ngroups": dict(self.groups),
            "verdict": self.ladder.rungs[0].verdict,
            "remedy": self.ladder.remedy,
            "summary": list(self.summary),
            "looked_at": self.ladder.looked_at,
            "findings": [asdict(finding) for finding in self.findings],
            "remedies": [plain(_record(rung)) for rung in self.ladder.rungs],
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text; numbers that do not exist are null.

        Returns
        -------
        str

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> print(fit.diagnose().to_json().splitlines()[1])
          "formula": "Yield ~ 1 + (1 | Batch)",
        """
        return to_json(self.to_dict())

    def plot(
        self,
        parameters: str | Sequence[str] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        ax: Any = None,
    ) -> Axes | Panels:
        """The coefficients rung by rung: would another model change the answer?

        A panel for each coefficient of the asked model but the intercept. The band is the 95%
        interval of the asked model. A rung that reads the same fit again is left out.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Some of these coefficients; by default all, or the 9 that change most.
        labels : mapping of str to str, optional
            Words for variables and coefficients, beside those of the data.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each coefficient; a new figure by default.

        Returns
        -------
        Axes, or Panels
            Panels if there are several coefficients. ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            Another coefficient, a model without any, or another number of axes.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.diagnose().plot(ax=Figure().subplots())
        >>> ax.data[["rung", "estimate", "holds"]].round(2).head(1).to_dict("list")
        {'rung': ['as-asked'], 'estimate': [10.47], 'holds': [True]}
        """
        from ranef.present.plots.ladder import ladder
        from ranef.present.plots.wording import with_labels

        return ladder(self.ladder.rungs, parameters, with_labels(self.words, labels), ax)

    def __str__(self) -> str:
        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return render_html(self)


def _row(rung: Rung, focal: list[str]) -> dict[str, Any]:
    nan = float("nan")
    effects = {effect.name: effect for effect in rung.effects}
    columns: dict[str, Any] = {}
    for name in focal:
        e = effects.get(name)
        columns[name] = nan if e is None else e.estimate
        columns[f"{name} se"] = nan if e is None else e.std_error
        columns[f"{name} change"] = nan if e is None else e.change
        columns[f"{name} se_ratio"] = nan if e is None else e.se_ratio
    test = rung.test
    differ = [effect.name for effect in rung.effects if not effect.holds]
    return {
        "rung": rung.key,
        "title": rung.title,
        "formula": rung.formula,
        "verdict": rung.verdict,
        "rank": rung.ranks,
        "criterion": rung.criterion,
        "comparable": rung.comparable,
        "nobs": rung.nobs,
        "df": rung.df,
        "loglik_ml": rung.loglik_ml,
        "aic_ml": rung.aic_ml,
        "bic_ml": rung.bic_ml,
        **columns,
        "max_change": max((abs(e.change) for e in rung.effects), default=nan),
        "conclusions": "" if not rung.effects else ", ".join(differ) or "hold",
        "statistic": nan if test is None else test.statistic,
        "test": ""
        if test is None
        else f"{test.smaller} in {test.larger}, {test.method}, {test.law}",
        "p_value": nan if test is None else test.p_high,
        "p_low": nan if test is None else test.p_low,
        "judgement": rung.judgement,
        "code": rung.code,
    }


def _record(rung: Rung) -> dict[str, Any]:
    names = {"key": "rung", "call": "code"}
    record = {names.get(name, name): value for name, value in asdict(rung).items()}
    return record | {"code": rung.code}
