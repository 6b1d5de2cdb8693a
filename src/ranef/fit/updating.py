"""The same call with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ranef.fit.record import FitRecord
from ranef.present.progress import progress

if TYPE_CHECKING:
    from ranef.fit.facade import Fit
    from ranef.solve import Control

__all__ = ["AS_BEFORE", "Updating", "contrasts_left", "has_random"]


class _AsBefore:
    """The value of an option that is not changed."""

    def __repr__(self) -> str:
        return "as before"


AS_BEFORE: Any = _AsBefore()


class Updating(FitRecord):
    """Fits of other models to the same data, from this one."""

    @progress("fitting the changed model")
    def update(
        self,
        formula: str | None = None,
        *,
        data: Any = None,
        reml: bool | None = None,
        weights: Any = AS_BEFORE,
        offset: Any = AS_BEFORE,
        contrasts: Mapping[str, Any] | None = AS_BEFORE,
        prior: Any = AS_BEFORE,
        missing: Literal["drop", "raise"] = AS_BEFORE,
        subset: str | None = AS_BEFORE,
        residual: str | None = AS_BEFORE,
        start: Any = None,
        control: Control | None = AS_BEFORE,
        labels: Mapping[str, str] | None = AS_BEFORE,
    ) -> Fit:
        """Fit the model again with some of its arguments changed, as R's ``update`` does.

        A fit refers to the data it was made from and does not copy them, so that terms with other
        columns can be added. What is not changed is as in the call of this fit.

        Parameters
        ----------
        formula : str, optional
            A change, in which ``.`` stands for what the formula holds already: ``"~ . + x"``,
            ``"~ . - (x | g)"``, ``"log(.) ~ ."``; or a whole formula. Where terms are only added,
            the formula stays as it is written; otherwise ``a * b`` becomes ``a + b + a:b``.
            Without any random part the result is that of :func:`ranef.lm`.
        data : data frame, optional
            Other data. They have to be given if the fit comes from a file or another process, if
            its response was given to :meth:`refit`, or if the data were changed since.
        reml : bool, optional
        weights, offset, contrasts, prior, missing, subset, residual, control, labels
            As in :func:`ranef.lmm`; None removes what the fit has. Arrays belong to the rows of
            the data: with other `data` they have to be given again.
        start : array-like, optional
            Start values for theta.

        Returns
        -------
        Fit

        Raises
        ------
        FormulaError
            The change cannot be read, or takes away a random part that the model does not have.
        OptionError
            The fit does not know its data, they have changed, or an array belongs to other rows.
        RanefError
            The changed model cannot be fitted: see :func:`ranef.lmm`.

        References
        ----------
        Chambers and Hastie (1992), Statistical Models in S, section 2.4.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.update("~ . - (Days | Subject) + (1 | Subject)").formula
        'Reaction ~ Days + (1 | Subject)'
        >>> fit.update("log(.) ~ . + I(Days^2)", reml=False).formula
        'log(Reaction) ~ Days + I(Days ** 2) + (Days | Subject)'
        """
        from ranef.fit.fitting import fit_model
        from ranef.fit.given import changed
        from ranef.formula import parse
        from ranef.formula.update import updated

        changes = {
            "weights": weights,
            "offset": offset,
            "contrasts": contrasts,
            "prior": prior,
            "missing": missing,
            "subset": subset,
            "residual": residual,
            "control": control,
            "labels": labels,
        }
        changes = {name: value for name, value in changes.items() if value is not AS_BEFORE}
        if self._spec.given is None and self._spec.residual is not None:
            changes.setdefault("residual", self._spec.residual.text)
        text = self._formula.text if formula is None else updated(self._formula, formula)
        given = changed(self._spec.given, data, changes, self._table, self.missing_rows)
        if contrasts is AS_BEFORE and given.contrasts:
            given = replace(given, contrasts=contrasts_left(text, given.contrasts))
        parsed = parse(text, random=has_random(text))
        return fit_model(
            parsed, given, reml=self._problem.reml if reml is None else reml, start=start
        )


def contrasts_left(text: str, contrasts: Mapping[str, Any]) -> dict[str, Any]:
    """The contrasts of categories that the changed model still has."""
    from ranef.formula import parse

    names = parse(text, random=has_random(text)).variables()
    return {name: value for name, value in contrasts.items() if name in names}


def has_random(text: str) -> bool:
    """Whether a formula has a random part."""
    from ranef.formula.nodes import RandomPart
    from ranef.formula.parse import summands
    from ranef.formula.parser import parse_sides

    return any(isinstance(item, RandomPart) for _, item in summands(parse_sides(text)[1]))
