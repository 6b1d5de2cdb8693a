"""The same call of a generalised model with changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from ranef.fit.generalised.record import GeneralisedRecord
from ranef.fit.updating import AS_BEFORE, contrasts_left
from ranef.present.progress import progress

if TYPE_CHECKING:
    from ranef.fit.generalised.facade import GeneralisedFit
    from ranef.solve import Control

__all__ = ["GeneralisedUpdating"]


class GeneralisedUpdating(GeneralisedRecord):
    """Fits of other models to the same data, from this one."""

    @progress("fitting the changed model")
    def update(
        self,
        formula: str | None = None,
        *,
        data: Any = None,
        family: Any = AS_BEFORE,
        n_agq: int = AS_BEFORE,
        zero_inflation: str | None = AS_BEFORE,
        dispersion: str | None = AS_BEFORE,
        weights: Any = AS_BEFORE,
        offset: Any = AS_BEFORE,
        contrasts: Mapping[str, Any] | None = AS_BEFORE,
        prior: Any = AS_BEFORE,
        missing: Literal["drop", "raise"] = AS_BEFORE,
        subset: str | None = AS_BEFORE,
        start: Any = None,
        control: Control | None = AS_BEFORE,
        labels: Mapping[str, str] | None = AS_BEFORE,
    ) -> GeneralisedFit:
        """Fit the model again with some of its arguments changed, as R's ``update`` does.

        A fit refers to the data it was made from and does not copy them, so that terms with other
        columns can be added. What is not changed is as in the call of this fit.

        Parameters
        ----------
        formula : str, optional
            A change, in which ``.`` stands for what the formula holds already: ``"~ . + x"``,
            ``"~ . - (x | g)"``; or a whole formula.
        data : data frame, optional
            Other data. They have to be given if the fit comes from a file or another process, if
            its response was given to :meth:`refit`, or if the data were changed since.
        family, n_agq, zero_inflation, dispersion
            As in :func:`ranef.glmm`. With another family the formulas of the parts that it has too
            are kept, extra zeros among them.
        weights, offset, contrasts, prior, missing, subset, control
            As in :func:`ranef.glmm`; None removes what the fit has. Arrays belong to the rows of
            the data: with other `data` they have to be given again.
        start : array-like, optional
            Start values for theta, or for theta and then all coefficients.

        Returns
        -------
        GeneralisedFit

        Raises
        ------
        FormulaError
            The change cannot be read, or leaves no random part.
        OptionError
            The fit does not know its data, they have changed, or an array belongs to other rows.
        RanefError
            The changed model cannot be fitted: see :func:`ranef.glmm`.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.update("~ . - period").formula
        'incidence / size ~ 1 + (1 | herd)'
        >>> round(fit.update(n_agq=9).loglik, 4), fit.update(family="binomial(probit)").link
        (-91.9834, 'probit')
        """
        from ranef.fit.generalised.fitting import Asked, fit_generalised
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
            "control": control,
            "labels": labels,
        }
        changes = {name: value for name, value in changes.items() if value is not AS_BEFORE}
        text = self._formula.text if formula is None else updated(self._formula, formula)
        parsed = parse(text)
        given = changed(self._spec.given, data, changes, self._table, self.missing_rows)
        if contrasts is AS_BEFORE and given.contrasts:
            given = replace(given, contrasts=contrasts_left(text, given.contrasts))
        parts: dict[str, str | None] = {
            part: own.text for part, own in self._spec.parts.items() if part != "thresholds"
        }
        told = {"zero": zero_inflation, "dispersion": dispersion}
        parts.update({part: own for part, own in told.items() if own is not AS_BEFORE})
        family = self._changed_family(family, parts.get("zero"))
        kept = {
            part: own
            for part, own in parts.items()
            if own is not None and (part in family.parts or told[part] is not AS_BEFORE)
        }
        asked = Asked(family, self._spec.n_agq if n_agq is AS_BEFORE else n_agq, kept)
        return fit_generalised(type(self), parsed, given, asked, start)  # type: ignore[return-value]

    def _changed_family(self, family: Any, zero: str | None) -> Any:
        """The family, with extra zeros if there is a formula for them."""
        from ranef.family import ZeroInflated, parse_family

        own = self._family if family is AS_BEFORE else parse_family(family)
        if zero is None and isinstance(own, ZeroInflated):
            return own.base
        if zero is not None and "zero" not in own.parts:
            return ZeroInflated(own)
        return own
