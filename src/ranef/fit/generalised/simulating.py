"""New responses from a generalised fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.errors import OptionError
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.fit.given_beta import given_beta
from ranef.formula.nodes import Call
from ranef.options import numbers, one_of, real
from ranef.page.phrases import count
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.family import Psi

__all__ = ["GeneralisedSimulating"]


class GeneralisedSimulating(GeneralisedRecord):
    """The method that simulates; it delegates to functions."""

    def simulate(
        self,
        n: int = 1,
        seed: int | None = None,
        *,
        newdata: Any = None,
        random: Literal["new", "conditional"] = "new",
        beta: Any = None,
        theta: Any = None,
        dispersion: float | None = None,
        offset: Any = None,
        weights: Any = None,
    ) -> pd.DataFrame:
        """Draw responses from the fitted model, or from one with other parameters.

        Parameters
        ----------
        n : int
            Number of responses.
        seed : int, optional
            The same seed gives the same draws; the first of many equals the only one.
        newdata : data frame, optional
            Rows to simulate instead of those of the fit: predictors and grouping factors.
        random : {"new", "conditional"}
            ``"new"`` draws the random effects of every level anew (``re.form = NA`` of lme4's
            ``simulate``). ``"conditional"`` keeps those of the fit's levels at their conditional
            modes and draws those of other levels (``re.form = NULL``).
        beta : mapping or array-like, shape (p,), optional
            Fixed effects to simulate from: by name, where the others stay, or all in order.
        theta : array-like, shape (k,), optional
            Factors of the covariances of the random effects, on the scale of :attr:`theta`.
        dispersion : float, optional
            On the scale of :attr:`dispersion`, for a fit that has one for all rows.
        offset : str, array-like or float, optional
            For `newdata`, as in :meth:`predict`.
        weights : str, array-like or float, optional
            For `newdata`, as in :meth:`predict`: trials, or what divides the variance.

        Returns
        -------
        DataFrame, shape (rows, n)
            Columns 0 to n - 1; rows labelled as those of :meth:`model_frame`, or of `newdata`.
            Values are in the form of the response: counts, amounts, proportions of successes, one
            of two categories, ordered answers. If the response is ``cbind(hits, misses)``, they are
            the hits; the trials of a row stay as they are. A row where a predictor or a group is
            missing is NaN.

        Raises
        ------
        OptionError
            `n` below 1, a `seed` that is not a whole number from 0 to 2^64 - 1, parameters that do
            not fit the model, or new rows without their numbers of trials.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)", data)
        >>> fit.simulate(2, seed=1).iloc[:3].to_numpy().tolist()
        [[4.0, 2.0], [1.0, 1.0], [1.0, 0.0]]
        """
        import pandas as pd

        from ranef.frame.open import open_frame
        from ranef.present.frames.rows import frame_index

        y, trials = self._drawn(
            n, seed, random, 0, newdata, beta, theta, dispersion, offset, weights
        )
        if newdata is None:
            index = frame_index(self._index, self.missing_rows)
        else:
            index = open_frame(newdata).index
        return pd.DataFrame(self._as_response(y, trials), index=index)

    def _draws(self, n: int, seed: int | None, random: str, first: int = 0) -> Array:
        """Responses number `first` to ``first + n - 1`` as the family takes them, (rows, n)."""
        return self._drawn(n, seed, random, first)[0]

    def _drawn(
        self,
        n: int,
        seed: int | None,
        random: str,
        first: int = 0,
        newdata: Any = None,
        beta: Any = None,
        theta: Any = None,
        dispersion: float | None = None,
        offset: Any = None,
        weights: Any = None,
    ) -> tuple[Array, Array | None]:
        """Responses as the family takes them, and the weights of their rows."""
        from ranef.inference.generalised.simulate import simulate_generalised
        from ranef.inference.simulate import SimulatedTerm, terms_of_rows

        one_of("random", random, ("new", "conditional"))
        modes = self._modes if random == "conditional" else None
        own = self._estimates.beta
        coefficients = given_beta(beta, own, self._design.x_names)
        covariances = self._given_covariances(theta)
        if newdata is None:
            for option, value in (("offset", offset), ("weights", weights)):
                if value is not None:
                    raise OptionError(
                        f"{option}= is given without new data",
                        found=f"{option}=...",
                        fix="give newdata= too; the rows of the fit have their own",
                    )
            fixed = self._mean
            if beta is not None:
                fixed = fixed + self._design.X @ (coefficients - own)
            held: Sequence[Array | None] = modes or [None] * len(self._design.terms)
            terms = tuple(
                SimulatedTerm(term.codes, term.Z, term.n_levels, effects)
                for term, effects in zip(self._design.terms, held, strict=True)
            )
            psi: Psi = self._psi
            row_weights = self._weights
        else:
            from ranef.fit.generalised.new_rows import read_new_rows
            from ranef.fit.new_data import warn_not_estimable
            from ranef.inference.generalised.psi import psi_of_table
            from ranef.inference.rows import fixed_part

            encoding = self._design.encoding
            rows = read_new_rows(
                self._data,
                self._family,
                newdata,
                offset,
                weights,
                random=True,
                groups=True,
                parts=self._family.parts,
                responses=True,
            )
            x, broken = encoding.fixed_and_broken(rows.table)
            fixed = fixed_part(x, coefficients, encoding.offset(rows.table)) + rows.shift
            fixed[broken.any(axis=1)] = np.nan
            warn_not_estimable(broken, encoding)
            terms = terms_of_rows(rows.table, encoding, modes)
            all_coefficients = self._estimates.coefficients
            psi = psi_of_table(self._problem, self._data, all_coefficients, rows.table)
            row_weights = rows.weights
        if dispersion is not None:
            psi = self._with_dispersion(psi, dispersion)
        drawn = simulate_generalised(
            self._family, terms, fixed, covariances, psi, row_weights, n, seed, first
        )
        return drawn, row_weights

    def _given_covariances(self, theta: Any) -> tuple[Array, ...]:
        from ranef.problem.parameters import coordinates, roots

        if theta is None:
            return self._estimates.covariances
        values = numbers("theta", theta).ravel()
        if values.shape != self._solution.theta.shape or not np.isfinite(values).all():
            raise OptionError(
                "theta does not fit the model",
                found=count(values.size, "value"),
                fix=f"give {count(self._solution.theta.size, 'finite number')}, in the order of "
                "fit.theta",
            )
        terms = self._problem.terms
        return tuple(root @ root.T for root in roots(terms, coordinates(terms, values)))

    def _with_dispersion(self, psi: Psi, dispersion: float) -> Psi:
        """psi with another dispersion, the same in all rows."""
        family = self._family
        place = self._problem.part("dispersion")
        constant = place is not None and self._problem.psi[0].names == ("Intercept",)
        if not constant:
            raise OptionError(
                "this model has no dispersion that is the same in all rows",
                found=f"dispersion={dispersion!r} for {family.words}",
                fix="leave dispersion out",
            )
        value = real("dispersion", dispersion, above=0.0)
        # The reported dispersion is exp(c psi).
        return (float(np.log(value) / np.log(float(family.dispersion(1.0)))), *psi[1:])

    def _as_response(self, y: Array, trials: Array | None) -> Any:
        """Responses as the family takes them in the form that the data have them in."""
        expr = self._formula.response
        response = self._design.generalised
        assert response is not None
        if isinstance(expr, Call) and expr.function == "cbind":
            assert trials is not None
            return np.rint(y * trials[:, None])
        if not response.levels:
            return y
        names = np.array([*response.levels, None], dtype=object)
        first = 1.0 if self._family.RESPONSE == "ordered" else 0.0
        codes = np.where(np.isnan(y), float(len(response.levels)), y - first)
        return names[codes.astype(np.intp)]
