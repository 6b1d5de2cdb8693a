"""Residuals and leverages of a linear model, row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ranef.fit.by_row import ByRow
from ranef.fit.record import FitRecord
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.no_pooling import NoPooling
    from ranef.present.protocol import FittedModel

__all__ = ["Residuals"]


class Residuals(FitRecord, ByRow):
    """The methods that compare the rows with the model; each delegates to a function."""

    def residuals(
        self,
        kind: Literal[
            "response",
            "pearson",
            "deviance",
            "working",
            "marginal",
            "normalized",
            "standardized",
            "whitened",
        ] = "response",
        rows: Literal["used", "all"] = "used",
    ) -> Any:
        """Residuals, one for each row used.

        Parameters
        ----------
        kind : str
            ``"response"``, also ``"working"``: response minus :attr:`fitted`. ``"pearson"``, also
            ``"deviance"``: these times the root of the weights, and over the ratio of the SD of
            their stratum to sigma. ``"normalized"``: Pearson residuals over sigma; of residuals
            that are correlated in time, what each has beside the one before (nlme's
            ``"normalized"``). ``"standardized"``: normalised residuals over their own standard
            deviation, (1 - leverage)^1/2; NaN where the leverage is 1. ``"marginal"``: response
            minus the fixed part and the offset, so that the random effects are in them.
            ``"whitened"``: marginal residuals times the symmetric root V^-1/2 of their inverse
            covariance matrix: independent and of variance 1 if the model holds. They need one
            grouping factor, or nested ones.
        rows : {"used", "all"}
            ``"all"`` gives a value for each row of the data, NaN in the rows that were left out.

        Returns
        -------
        Series or ndarray
            As :attr:`fitted`: with the labels of the rows if these have labels. Standardised and
            whitened residuals have no unit, the others that of the response.

        Raises
        ------
        OptionError
            Another kind, or whitened residuals of crossed factors.

        References
        ----------
        Haslett and Haslett (2007), The three basic types of residuals for a linear model,
        International Statistical Review 75, 1-24.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("sleepstudy").query("Days > 1")
        >>> data["residual"] = rn.lmm("Reaction ~ Days + (1 | Subject)", data).residuals()
        """
        from ranef.inference.rows import OF_MODEL, checked_kind, residuals
        from ranef.present.frames.rows import check_rows, on_all_rows

        everything = check_rows(rows)
        if checked_kind(kind) in OF_MODEL:
            values = self._residuals_of_model(kind)
        elif kind == "marginal":
            values = self._design.y - self._mean
        else:
            values = residuals(self._design.y, self._fitted, self._weights, kind)
        if everything:
            return on_all_rows(values, self._index, self.missing_rows)
        return self._on_rows(values)

    def augment(self, to: Any = None) -> Any:
        """The rows used with fitted values, residuals and leverages: a frame, or a file.

        Parameters
        ----------
        to : str or path, optional
            A file, ``.parquet`` or ``.csv``, for the rows. The rows of a fit to data that are not
            in memory are read once more, a batch at a time, and have no ``.hat``. ``.row`` is then
            the position of each among all rows, from 0. A file of this name is replaced. It is
            never half-written.

        Returns
        -------
        DataFrame, or Path of the file
            The model's variables, then ``.fitted`` (with the random effects), ``.resid``,
            ``.fixed`` (the population prediction) and ``.hat`` (leverage).

        Raises
        ------
        OptionError
            The file cannot be written, or the rows cannot be read again.

        Examples
        --------
        >>> import os, tempfile
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.augment()[[".fitted", ".resid"]].iloc[0].round(2).to_list()
        [253.66, -4.1]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit.augment(to=os.path.join(folder, "rows.parquet")).name
        'rows.parquet'
        """
        from ranef.present.frames.augment import augment

        if to is None:
            return augment(cast("FittedModel", self))
        from ranef.fit.passes import augment_to, write_frame

        with progress("reading the rows again"):
            if self._elsewhere is None:
                return write_frame(augment(cast("FittedModel", self)), to)
            return augment_to(self, self._elsewhere.rows(), to)

    @property
    def _constant_in_sums(self) -> tuple[tuple[str, ...], Callable[[str], frozenset[str]]] | None:
        """The variables, and from a grouping factor to those that are constant in its levels.

        None if the rows are here: they show it.
        """
        if self._elsewhere is None:
            return None
        return tuple(self._formula.variables()), self._elsewhere.constant_within

    @property
    def leverage(self) -> Any:
        """Diagonal of the map from the response to the fitted values, labelled as `fitted`.

        Raises
        ------
        OptionError
            The residuals are correlated in time.
        """
        self._need_independent("the leverage of a row", 'use fit.influence("group")')
        return self._on_rows(self._leverage.copy())

    def _without_pooling(self, group: str) -> NoPooling:
        """Effects of each level of a grouping factor by least squares on its own rows."""
        from ranef.inference.no_pooling import no_pooling

        places = [k for k, term in enumerate(self._design.terms) if term.factor == group]
        terms = [self._design.terms[k] for k in places]
        return no_pooling(
            np.hstack([term.Z for term in terms]),
            terms[0].codes,
            self._design.y - self._fitted,
            np.hstack([self._modes[k] for k in places]),
            self._weights,
        )

    @progress("computing residuals")
    def _residuals_of_model(self, kind: str) -> Array:
        from ranef.inference.residual_kinds import residuals_of_model

        return residuals_of_model(
            self._problem, self._solution, self._design, self._data.y, self._weights, kind
        )
