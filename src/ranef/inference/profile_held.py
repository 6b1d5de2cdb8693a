"""A parameter held at a value while all others take their best values, by Newton's method.

The others are numbers on which the covariances of the terms depend smoothly (see
:mod:`~ranef.inference.profile_terms`), and after them a *rest*: what the criterion depends on
beside the covariances.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import Direction
from ranef.inference.parameters import Parameter
from ranef.inference.profile_points import Best, Point, broke_down
from ranef.inference.profile_search import GAIN, Lowest, lowest
from ranef.inference.profile_terms import HeldTerm, held_term
from ranef.problem import ProblemShape
from ranef.problem.parameters import place
from ranef.types import Array

__all__ = ["Held", "Ways"]


class Ways(NamedTuple):
    """Directions of D along local coordinates, and what its bend adds to the Hessian."""

    directions: list[Direction]
    bend: Array


class Held(ABC):
    """A search over the others; a kind of model gives the deviance and its derivatives.

    Parameters
    ----------
    problem : ProblemShape
    parameter : Parameter
        What is held.
    """

    def __init__(self, problem: ProblemShape, parameter: Parameter) -> None:
        self._widths = [q for _, q in problem.sizes]
        self._blocks = problem.terms
        self._terms: list[HeldTerm] = [
            held_term(block, parameter if k == parameter.term else None)
            for k, block in enumerate(problem.terms)
        ]
        self._ends = np.cumsum([term.size for term in self._terms])
        start = 0 if parameter.term < 1 else int(self._ends[parameter.term - 1])
        own = self._terms[parameter.term] if parameter.kind == "cor" else None
        self._bounded = [start + k for k in own.bounded] if own else []
        self._without = [[start + k for k in edge] for edge in own.edges] if own else []
        self._edges: list[Array] | None = None

    # -- what a kind of model gives --------------------------------------------------------------
    @abstractmethod
    def _evaluate(self, value: float, others: Array) -> float:
        """The deviance; infinite if it cannot be computed."""

    @abstractmethod
    def _derivatives(self, value: float, others: Array) -> tuple[Array, Array]:
        """Gradient and Hessian in local coordinates at the point that was last evaluated."""

    @abstractmethod
    def _least_sds(self, value: float, others: Array) -> Sequence[Array]:
        """By term: standard deviations of its effects below which they are as good as zero."""

    @abstractmethod
    def _rest_sizes(self) -> Array:
        """Natural sizes of the rest."""

    @abstractmethod
    def best(self, point: Point) -> Best:
        """All parameters at a point that was found."""

    # -- from and to the parameters of the model -------------------------------------------------
    def _split(self, others: Array) -> list[Array]:
        return np.split(others, self._ends)[:-1]

    def _lambdas(self, value: float, others: Array, changes: Sequence[Array]) -> list[Array] | None:
        """Lambda of each grouping factor; None if the parameter cannot have the value.

        `changes`: by term, from effects on the data's scale to inner ones.
        """
        lower = []
        for term, own, change in zip(self._terms, self._split(others), changes, strict=True):
            root = term.root(value, own)
            if root is None:
                return None
            square = np.zeros_like(change)
            triangle = np.asarray(np.linalg.qr((change @ root).T, mode="r")).T
            square[:, : triangle.shape[1]] = triangle
            lower.append(square)
        return place(self._blocks, lower, self._widths)

    def _covariances(self, value: float, others: Array) -> list[Array]:
        """Of the terms at a point that was found."""
        out = []
        for term, own in zip(self._terms, self._split(others), strict=True):
            root = term.root(value, own)
            assert root is not None
            out.append(np.asarray(root @ root.T))
        return out

    def _ways(
        self, value: float, others: Array, changes: Sequence[Array], gamma: Sequence[Array]
    ) -> Ways:
        """How D moves along the local coordinates; `gamma` is the gradient in D."""
        directions: list[Direction] = []
        bends: list[Array] = []
        for k, (block, term, own, change) in enumerate(
            zip(self._blocks, self._terms, self._split(others), changes, strict=True)
        ):
            moves = change @ term.directions(value, own) @ change.T
            directions += [self._direction(k, d) for d in moves]
            at = slice(block.offset, block.offset + block.q)
            bends.append(term.bend(value, own, change.T @ gamma[block.group][at, at] @ change))
        bend = np.zeros((len(directions),) * 2)
        start = 0
        for own_bend in bends:
            end = start + len(own_bend)
            bend[start:end, start:end] = own_bend
            start = end
        return Ways(directions, bend)

    def _direction(self, k: int, d: Array) -> Direction:
        term = self._blocks[k]
        width = self._widths[term.group]
        full = np.zeros((width, width))
        s = slice(term.offset, term.offset + term.q)
        full[s, s] = d
        return Direction(term.group, full)

    def _sizes(self, value: float, others: Array) -> Array:
        """Natural size of each local coordinate."""
        split, least = self._split(others), self._least_sds(value, others)
        sizes = [
            term.sizes(value, own, unit)
            for term, own, unit in zip(self._terms, split, least, strict=True)
        ]
        return np.concatenate([*sizes, self._rest_sizes()])

    def _moved(self, value: float, others: Array, step: Array) -> Array:
        out, start = [], 0
        for term, own in zip(self._terms, self._split(others), strict=True):
            out.append(term.moved(value, own, step[start : start + term.free]))
            start += term.free
        return np.concatenate([*out, others[self._ends[-1] :] + step[start:]])

    # -- the search -----------------------------------------------------------------------------
    def at(self, value: float, starts: Sequence[Array]) -> Point:
        def deviance(others: Array) -> float:
            return self._evaluate(value, others)

        def search(start: Array) -> Lowest:
            return lowest(
                deviance,
                lambda x: self._derivatives(value, x),
                lambda x: self._sizes(value, x),
                start,
                self._bounded,
                lambda x, step: self._moved(value, x, step),
            )

        best: Lowest | None = None
        for start in sorted(starts, key=deviance):
            found = search(start)
            if best is None or found.deviance < best.deviance:
                best = found
            if found.certified:
                break
        if self._edges is None:
            self._edges = [self._edge(zeros, starts[0]) for zeros in self._without]
        for edge in self._edges:
            if best is None or deviance(edge) < best.deviance - GAIN:
                best = search(edge)
        inside = None if best is None else self._lifted(value, best.x)
        if best is not None and inside is not None:
            found = search(inside)
            if found.deviance < best.deviance - GAIN:
                best = found
        if best is None or not np.isfinite(best.deviance):
            raise broke_down(value)
        return Point(value, best.deviance, best.x, best.certified)

    def _lifted(self, value: float, others: Array) -> Array | None:
        """Others off the folds of structures, where slopes vanish; None where none is on one."""
        split = self._split(others)
        found = [term.lifted(value, own) for term, own in zip(self._terms, split, strict=True)]
        if all(own is None for own in found):
            return None
        own = [old if new is None else new for old, new in zip(split, found, strict=True)]
        return np.concatenate([*own, others[self._ends[-1] :]])

    def _edge(self, zeros: Sequence[int], start: Array) -> Array:
        """The others at their best with standard deviations of zero in some places.

        A correlation with an effect that does not vary has no bearing on the deviance: this is a
        point of the profile of every correlation, and a valley of its own.
        """
        at = np.array(zeros, dtype=np.intp)

        def derivatives(x: Array) -> tuple[Array, Array]:
            g, h = self._derivatives(0.0, x)
            g[at] = h[at] = h[:, at] = 0.0
            h[at, at] = 1.0  # they stay where they are
            return g, h

        edge = start.copy()
        edge[at] = 0.0
        found = lowest(
            lambda x: self._evaluate(0.0, x),
            derivatives,
            lambda x: self._sizes(0.0, x),
            edge,
            self._bounded,
            lambda x, step: self._moved(0.0, x, step),
        )
        return found.x
