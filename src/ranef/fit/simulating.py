"""New responses from a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.errors import OptionError
from ranef.fit.given_beta import given_beta
from ranef.fit.record import FitRecord
from ranef.options import numbers, one_of, real
from ranef.page.phrases import count
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.inference.simulate import Noise

__all__ = ["Simulating"]


class Simulating(FitRecord):
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
        sigma: float | None = None,
        offset: Any = None,
    ) -> pd.DataFrame:
        """Draw responses from the fitted model, or from one with other parameters.

        Parameters
        ----------
        n : int
            Number of responses.
        seed : int, optional
            The same seed gives the same draws; the first of many equals the only one.
        newdata : data frame, optional
            Rows to simulate instead of those of the fit: predictors and grouping factors. Their
            residuals have weight 1 and the variance of their stratum, and are independent.
        random : {"new", "conditional"}
            ``"new"`` draws the random effects of every level anew (``re.form = NA`` of lme4's
            ``simulate``). ``"conditional"`` keeps those of the fit's levels at their conditional
            modes and draws those of other levels (``re.form = NULL``).
        beta : mapping or array-like, shape (p,), optional
            Fixed effects to simulate from: by name, where the others stay, or all in order.
        theta : array-like, shape (k,), optional
            Relative covariance factors, on the scale of :attr:`theta`: covariances of random
            effects are sigma^2 times their products.
        sigma : float, optional
            Residual standard deviation. Without `theta` too, that of the random effects changes
            in proportion.
        offset : str, array-like or float, optional
            For `newdata`, as in :meth:`predict`.

        Returns
        -------
        DataFrame, shape (rows, n)
            Columns 0 to n - 1; rows labelled as those of :meth:`model_frame`, or of `newdata`. A
            row where a predictor or a group is missing is NaN.

        Raises
        ------
        OptionError
            `n` below 1, a `seed` that is not a whole number from 0 to 2^64 - 1, or parameters that
            do not fit the model.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> again = fit.refit(fit.simulate(1, seed=1)[0])
        >>> again.nobs
        180
        >>> fit.simulate(2, seed=1, newdata={"Days": [0, 9], "Subject": ["a", "a"]}, sigma=0).shape
        (2, 2)
        """
        import pandas as pd

        from ranef.frame.open import open_frame
        from ranef.present.frames.rows import frame_index

        y = self._draws(n, seed, random, 0, newdata, beta, theta, sigma, offset)
        if newdata is None:
            return pd.DataFrame(y, index=frame_index(self._index, self.missing_rows))
        return pd.DataFrame(y, index=open_frame(newdata).index)

    def _draws(
        self,
        n: int,
        seed: int | None,
        random: str,
        first: int = 0,
        newdata: Any = None,
        beta: Any = None,
        theta: Any = None,
        sigma: float | None = None,
        offset: Any = None,
    ) -> Array:
        """Responses number `first` to ``first + n - 1``, shape (rows, n)."""
        from ranef.inference.simulate import (
            SimulatedTerm,
            noise_of,
            simulate_responses,
            terms_of_rows,
        )

        one_of("random", random, ("new", "conditional"))
        modes = self._modes if random == "conditional" else None
        coefficients = given_beta(beta, self._estimates.beta, self._design.x_names)
        deviation, covariances = self._given_variances(theta, sigma)
        noise: Noise = deviation
        if newdata is None:
            if offset is not None:
                raise OptionError(
                    "an offset is given without new data",
                    found="offset=...",
                    fix="give newdata= too; the rows of the fit have their own offset",
                )
            mean = self._mean
            if beta is not None:
                mean = mean + self._design.X @ (coefficients - self._estimates.beta)
            held: Sequence[Array | None] = modes or [None] * len(self._design.terms)
            terms = tuple(
                SimulatedTerm(term.codes, term.Z, term.n_levels, own)
                for term, own in zip(self._design.terms, held, strict=True)
            )
            noise = noise_of(self._problem, deviation, self._weights)
        else:
            from ranef.fit.new_data import read_for_prediction, warn_not_estimable
            from ranef.inference.rows import fixed_part

            encoding = self._design.encoding
            table, shift = read_for_prediction(
                newdata,
                self._table,
                encoding,
                self._data.offset_name,
                offset,
                True,
                True,
                self._residual_reads,
            )
            noise = deviation * np.sqrt(self._residual_spread(table))
            x, broken = encoding.fixed_and_broken(table)
            mean = fixed_part(x, coefficients, encoding.offset(table)) + shift
            mean[broken.any(axis=1)] = np.nan
            warn_not_estimable(broken, encoding)
            terms = terms_of_rows(table, encoding, modes)
        return simulate_responses(terms, mean, covariances, noise, n, seed, first)

    def _given_variances(self, theta: Any, sigma: Any) -> tuple[float, tuple[Array, ...]]:
        """Residual SD and the covariances of the random effects to simulate from."""
        from ranef.problem.parameters import coordinates, roots

        deviation = self._estimates.sigma
        if sigma is not None:
            deviation = real("sigma", sigma, least=0.0)
        if theta is None and sigma is None:
            return deviation, self._estimates.covariances
        values = self._solution.theta if theta is None else numbers("theta", theta).ravel()
        if values.shape != self._solution.theta.shape or not np.isfinite(values).all():
            raise OptionError(
                "theta does not fit the model",
                found=count(values.size, "value"),
                fix=f"give {count(self._solution.theta.size, 'finite number')}, in the order of "
                "fit.theta",
            )
        terms = self._problem.terms
        made = roots(terms, coordinates(terms, values))
        return deviation, tuple(deviation**2 * root @ root.T for root in made)
