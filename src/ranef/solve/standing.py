"""A kernel that stands at a solution, kept for later questions.

Making a kernel arranges all cross-products, and evaluating it costs as much again. Questions about
a solution therefore share one kernel. They may not move it: a question that evaluates elsewhere (a
profile, a search) takes a kernel of its own, ``problem.kernel()``. If a kernel has been moved all
the same, it is brought back before the next question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, Protocol, TypeVar

import numpy as np

from ranef.core import CoreKernel
from ranef.errors import NumericalError
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas
from ranef.types import Array

__all__ = ["LARGE", "Standing", "evaluate_at", "standing_at"]

LARGE = 200_000_000
"""Kernels of more bytes are not kept: a fit would hold that memory as long as it exists, and the
time to make the kernel is small compared with that of its evaluation."""


class AnyKernel(Protocol):
    """A kernel that counts its evaluations."""

    moves: int

    @property
    def held(self) -> int:
        """About how many bytes it holds between calls."""
        ...


K = TypeVar("K", bound=AnyKernel)


class Standing(Generic[K]):
    """A kernel at a solution; made when first asked for.

    A kernel answers one question at a time. A caller who asks while it is in use, from another
    thread or within a question, gets a separate kernel.

    Parameters
    ----------
    make : callable
        A new kernel of the problem.
    stand : callable
        Brings a kernel to the solution.
    """

    __slots__ = ("_kernel", "_lock", "_make", "_moves", "_stand")

    def __init__(self, make: Callable[[], K], stand: Callable[[K], None]) -> None:
        self._make, self._stand = make, stand
        self._kernel: K | None = None
        self._moves = 0  # evaluations of the kernel when it was last at the solution
        self._lock = Lock()

    def take(self, kernel: K, *, standing: bool = False) -> None:
        """Keep this kernel of the problem, if none is kept; `standing`: it is at the solution."""
        if self._kernel is None and kernel.held <= LARGE:
            self._kernel, self._moves = kernel, kernel.moves if standing else -1

    @contextmanager
    def ask(self) -> Iterator[K]:
        """The kernel, for questions that do not move it.

        Raises
        ------
        TooLargeError
            Crossed factors with so many levels that the kernel does not fit in memory.
        """
        if not self._lock.acquire(blocking=False):
            yield self._made()
            return
        try:
            kernel = self._kernel
            if kernel is None:
                kernel = self._made()
                self.take(kernel)
            elif kernel.moves != self._moves:
                self._stand(kernel)
            self._moves = kernel.moves
            yield kernel
        finally:
            self._lock.release()

    def _made(self) -> K:
        kernel = self._make()
        self._stand(kernel)
        return kernel


def standing_at(problem: Problem, inner: Array) -> Standing[CoreKernel]:
    """The kernel of a problem at an inner theta, shape (k,)."""
    return Standing(problem.kernel, lambda kernel: evaluate_at(problem, kernel, inner))


def evaluate_at(problem: Problem, kernel: CoreKernel, inner: Array) -> None:
    """Bring a kernel to an inner theta."""
    if not kernel.evaluate(group_lambdas(problem, inner)):
        raise NumericalError(
            "the criterion cannot be computed at these variances",
            found=f"theta {np.array2string(inner, precision=4)}",
            fix="check the data for values of wildly different size",
        )
