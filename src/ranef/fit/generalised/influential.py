"""What the estimates of a generalised fit rest on."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.core import one_blas_thread
from ranef.fit.by_row import ByRow
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.options import boolean
from ranef.present.progress import progress, progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.present.results.influence import Influence

__all__ = ["GeneralisedInfluential"]


class GeneralisedInfluential(GeneralisedRecord, ByRow):
    """Influence and leverage; each delegates to a function."""

    def influence(self, by: str | None = None, exact: bool = False) -> Influence:
        """What changes if a group or a row is left out: Cook's distance and other measures.

        The model is fitted again without each level of `by`, from its estimates: all coefficients
        and variances. With 500 groups or more of the only grouping factor, or of the one in which
        the others are nested, groups that hardly matter are left out by one Newton step with the
        exact gradient and Hessian of the group's part of the likelihood; the column ``method`` says
        so. Columns computed from all rows, as ``scale(x)``, ``poly(x, 2)`` and ``between(x, g)``,
        stay as they are.

        Parameters
        ----------
        by : str, optional
            A grouping factor, a variable of the model, or ``"rows"``. By default the grouping
            factor in which all others are nested.
        exact : bool
            Whether every level gets a refit.

        Returns
        -------
        Influence
            ``.frame`` has a row for each level: rows, cooks_distance, mdffits, covtrace, covratio
            (of the fixed effects), singular, converged, method, and the change of each coefficient,
            standard deviation and correlation if the level is left out. Coefficients of other parts
            of the model have the name of their part before a colon (``"zero:x"``,
            ``"dispersion:Intercept"``, on the log scale). A level without which the model is not
            determined is NaN there. ``.plot()`` draws it.

        Raises
        ------
        OptionError
            Another `by`, or none for crossed factors.

        Notes
        -----
        If all remaining responses of a category are equal, a refit has no finite maximum; it is
        then marked as not converged.

        References
        ----------
        Loy and Hofmann (2014), HLMdiag: a suite of diagnostics for hierarchical linear models in
        R, Journal of Statistical Software 56(5), section 4. Pregibon (1981), Logistic regression
        diagnostics, Annals of Statistics 9, 705-724.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> without = fit.influence("herd")
        >>> without["cooks_distance"].idxmax(), round(float(without["cooks_distance"].max()), 2)
        ('11', 0.43)
        """
        from ranef.fit.units import units_of
        from ranef.inference.generalised.influence import leave_out_generalised
        from ranef.present.frames.influence import influence_frame
        from ranef.present.results.influence import Influence

        exact = boolean("exact", exact)
        units = units_of(self, by)
        errors = np.sqrt(np.diag(self._estimates.joint.coefficients))[self._solution.determined]
        bar = progress_bar(f"influence by {units.name}", len(units.levels))
        with bar as tick, one_blas_thread():
            left_out = leave_out_generalised(
                self._solution, self._estimates, units, self._control, exact, tick
            )
        frame, estimates = influence_frame(left_out, units)
        std_errors = dict(zip(estimates, errors.tolist(), strict=False))  # coefficients come first
        return Influence(self._formula.text, units.name, frame, estimates, std_errors, self._words)

    @property
    def leverage(self) -> Any:
        """Leverages of the working model at the conditional modes, labelled as :attr:`fitted`.

        How much the linear predictor of a row would follow its own working response, in the
        weighted least squares problem that the modes and the fixed effects solve; weights are the
        curvatures of the log-density. Their sum is the effective number of parameters of the linear
        predictor. A weight may be negative if the log-density is not concave.
        """
        return self._on_rows(self._leverage.copy())

    @cached_property
    @progress("computing leverages")
    def _leverage(self) -> Array:
        from ranef.inference.generalised.leverage import working_leverages

        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return working_leverages(self._solution, self._design.X, blocks)
