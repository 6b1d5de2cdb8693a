"""The kinds of cluster-robust covariances by name, and the method made of one."""

from __future__ import annotations

from collections.abc import Mapping

from ranef.errors import OptionError
from ranef.inference.ddf import Fitted, Method
from ranef.inference.ddf.constant import Constant
from ranef.inference.robust.clusters import Clusters, ClusterSums
from ranef.inference.robust.kinds import Kind, as_they_are, many_clusters, one, unbiased
from ranef.inference.robust.sandwich import sandwich

__all__ = ["KINDS", "robust_method"]

# How residuals of a cluster are adjusted, and what the sum is multiplied by.
_KINDS: Mapping[str, Kind] = {
    "CR0": Kind(as_they_are, one),
    "CR1": Kind(as_they_are, many_clusters),
    "CR2": Kind(unbiased, one),
}

KINDS = tuple(_KINDS)


def robust_method(name: str, ddf: str, fitted: Fitted, clusters: Clusters | ClusterSums) -> Method:
    """Tests with a cluster-robust covariance.

    Parameters
    ----------
    name : str
        One of `KINDS`.
    ddf : str
        ``"satterthwaite"`` counts how well the robust covariance is known (Bell and McCaffrey);
        ``"residual"`` and ``"asymptotic"`` give the same degrees of freedom to every row.

    Raises
    ------
    OptionError
        A method for degrees of freedom that belongs to the model's own covariance; a fit with a
        prior of the fixed effects.
    """
    if ddf == "kenward-roger":
        raise OptionError(
            "Kenward-Roger belongs to the standard errors of the model",
            found=f'ddf="kenward-roger" with vcov="{name}"',
            fix="leave ddf out: robust errors then have Satterthwaite's degrees of freedom, or "
            "leave vcov out",
        )
    prior = fitted.problem.prior
    if prior is not None and prior.n_fixed:
        raise OptionError(
            "robust errors are not defined for fixed effects with a prior",
            found=f'vcov="{name}" for a penalised fit',
            fix="fit without the prior of the fixed effects",
        )
    made = sandwich(name, _KINDS[name], fitted, clusters)
    if ddf == "residual":
        return Constant(ddf, made.vcov, float(fitted.problem.n - fitted.problem.p))
    if ddf == "asymptotic":
        return Constant(ddf, made.vcov, float("inf"))
    return made
