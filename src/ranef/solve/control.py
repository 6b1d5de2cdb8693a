"""What a user may say about the search."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ranef.core.protocol import LBFGS, NEWTON
from ranef.options import one_of, real, threads, whole
from ranef.page.shown import Call

__all__ = ["CROSSED", "Control"]

CROSSED = ("auto", "exact", "iterative")


@dataclass(frozen=True, slots=True)
class Control(Call):
    """Settings of the search for the optimum.

    Attributes
    ----------
    max_evaluations : int
        Evaluations of the criterion by one search. With 1 the criterion is evaluated at the start
        values and nothing is optimised.
    gain : float
        A search ends when its model of the criterion predicts less than this much decrease, in
        deviance units.
    restarts : int
        Searches from other start values where the first one ends on the boundary or is not
        certified; 0 for none.
    threads : int, optional
        Threads that sum the rows, and the levels of a single grouping factor; by default one for
        each available core from 200,000 rows on.
        The numbers are the same to the last bit whatever it is.
    crossed : str
        How crossed factors are eliminated. "exact": by a factorisation. "iterative": by conjugate
        gradients; log-likelihood and variances are then estimates with an error that the fit
        reports. "auto": exactly if the factorisation takes at most 2e10 multiplications and fits in
        memory, and by iterations otherwise. ``fit.log`` says which way was taken and why.
    error : float
        Largest error that an iterative fit may leave in a parameter of the covariances, in standard
        errors of that parameter: the half-width of a 95% interval around the value of the exact
        fit. It also limits the error of minus twice the log-likelihood: to ``5 * error`` deviance
        units, and to 0.05 at most. Smaller errors take more probes and more time. Exact fits ignore
        it.
    method : str
        "newton": trust-region steps with second derivatives, which fall back on "l-bfgs" where they
        get stuck. "l-bfgs": gradients alone (Nocedal and Wright 2006, section 7.2), many more
        evaluations; to check the other with. A fit's solution tells which found it.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, 2nd ed., Springer.

    Hutchinson (1990), A stochastic estimator of the trace of the influence matrix for Laplacian
    smoothing splines, Communications in Statistics - Simulation and Computation 19, 433-450.

    Meyer, Musco, Musco and Woodruff (2021), Hutch++: optimal stochastic trace estimation, SIAM
    Symposium on Simplicity in Algorithms, 142-155.

    Golub and Meurant (2010), Matrices, Moments and Quadrature with Applications, Princeton
    University Press.

    Gilmour, Thompson and Cullis (1995), Average information REML, Biometrics 51, 1440-1450.

    Examples
    --------
    >>> Control(max_evaluations=1)
    Control(max_evaluations=1, gain=1e-11, restarts=3, threads=None, method='newton')
    >>> Control(crossed="iterative").crossed
    'iterative'
    """

    max_evaluations: int = 500
    gain: float = 1e-11
    restarts: int = 3
    threads: int | None = None
    method: str = NEWTON
    crossed: str = "auto"
    error: float = 0.01

    def __repr__(self) -> str:
        """The call that makes it; options of crossed factors are left out at their defaults."""
        asked = {f.name: getattr(self, f.name) for f in fields(self)}
        for f in fields(self):
            if f.name in ("crossed", "error") and asked[f.name] == f.default:
                del asked[f.name]
        return f"Control({', '.join(f'{name}={value!r}' for name, value in asked.items())})"

    def __post_init__(self) -> None:
        once = "Control(max_evaluations=1) evaluates the criterion at the start values"
        whole("max_evaluations", self.max_evaluations, of="the number of evaluations", fix=once)
        whole("restarts", self.restarts, least=0, of="the number of restarts")
        real("gain", self.gain, above=0.0, what="the gain to stop at is positive", fix="use 1e-11")
        threads("threads", self.threads)
        one_of("method", self.method, (NEWTON, LBFGS), what="no such method of search")
        one_of("crossed", self.crossed, CROSSED, what="no such way to eliminate crossed factors")
        error = "the error of an iterative fit is positive"
        real("error", self.error, above=0.0, what=error, fix="use 0.01 standard errors")
