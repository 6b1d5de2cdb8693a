"""What a user may say about the search."""

from __future__ import annotations

from ranef.errors import OptionError
from ranef.kernel.protocol import LBFGS, NEWTON
from ranef.record import record

__all__ = ["Control"]


@record(frozen=True, slots=True)
class Control:
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
    method : str
        "newton": trust-region steps with second derivatives, which fall back on "l-bfgs" where they
        get stuck. "l-bfgs": gradients alone (Nocedal and Wright 2006, section 7.2), many more
        evaluations; to check the other with. A fit's solution tells which found it.

    Examples
    --------
    >>> Control(max_evaluations=1)
    Control(max_evaluations=1, gain=1e-11, restarts=3, threads=None, method='newton')
    """

    max_evaluations: int = 500
    gain: float = 1e-11
    restarts: int = 3
    threads: int | None = None
    method: str = NEWTON

    def __post_init__(self) -> None:
        if self.max_evaluations < 1 or self.restarts < 0:
            raise OptionError(
                "the number of evaluations is at least 1, of restarts at least 0",
                found=f"max_evaluations={self.max_evaluations}, restarts={self.restarts}",
                fix="Control(max_evaluations=1) evaluates the criterion at the start values",
            )
        if not self.gain > 0.0:
            raise OptionError(
                "the gain to stop at is positive", found=f"gain={self.gain}", fix="use 1e-11"
            )
        if self.threads is not None and self.threads < 1:
            raise OptionError(
                "the number of threads is at least 1",
                found=f"threads={self.threads}",
                fix="leave it out to use every available core where the rows are many",
            )
        if self.method not in (NEWTON, LBFGS):
            raise OptionError(
                "no such method of search",
                found=f"method={self.method!r}",
                fix=f"use {NEWTON!r} or {LBFGS!r}",
            )
