"""Terms with a covariance structure in profiles: the structure's own coordinates.

They have no bounds: a bound of a parameter is a fold, past which the parameter comes back. A fixed
standard deviation fixes one coordinate, and so does the first or only correlation. A later
correlation of a Toeplitz matrix depends on several angles, and the search stays on the surface
where it has its value.
"""

from __future__ import annotations

import numpy as np

from ranef.core import TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.inference.parameters import Parameter
from ranef.types import Array

__all__ = ["HeldCorrelation", "StructuredTerm"]

AT_FOLD = 1e-3
"""A standard deviation divided by the largest, or a cosine of an angle, that is nearly zero."""
INSIDE = 0.3, 0.9
"""Share of the largest, and sine of an angle, that are well inside of the bounds."""
LARGEST = 1.0 - 1e-6
"""At a correlation of 1 the surface shrinks to its edge: this stands for it."""
EXACT = 1e-13
MOST_STEPS = 30


class StructuredTerm:
    """The coordinates besides the one that is fixed by parameter `place`, if any."""

    bounded: tuple[int, ...] = ()

    def __init__(self, block: TermBlock, place: int) -> None:
        self._structure = structure_of(block)
        self._sds = kind_of(block).n_sds(block.q)
        self._one = kind_of(block).one_variance
        self._place = place
        self._free = np.array([k for k in range(self._structure.size) if k != place], dtype=np.intp)
        self.size = self.free = self._free.size
        sizes = range(self._sds)
        # A lone effect has no correlation; those of one standard deviation go together.
        self.edges: tuple[tuple[int, ...], ...] = (
            ((0,),) if self._one else tuple(tuple({*sizes} - {k}) for k in sizes)
        )

    def start(self, covariance: Array, theta: Array, sigma: float) -> Array:
        relative = self._structure.coordinates(theta)
        return self._structure.scaled(relative, sigma)[self._free]

    def _whole(self, value: float, others: Array) -> Array:
        """All coordinates."""
        x = np.empty(self._structure.size)
        x[self._free] = others
        if self._place >= 0:
            # The coordinate does not depend on the parameters after it.
            parameters = np.ones(x.size)
            parameters[self._sds :] = 0.0
            parameters[self._place] = value
            x[self._place] = self._structure.coordinates(parameters)[self._place]
        return x

    def root(self, value: float, others: Array) -> Array | None:
        return self._structure.root(self._whole(value, others))

    def directions(self, value: float, others: Array) -> Array:
        return self._all_directions(self._whole(value, others))[self._free]

    def _all_directions(self, x: Array) -> Array:
        q = self._structure.q
        return np.asarray(np.reshape(self._structure.directions(x), (x.size, q, q)))

    def bend(self, value: float, others: Array, score: Array) -> Array:
        h = self._structure.bend(self._whole(value, others), np.asfortranarray(score))
        return np.asarray(h[np.ix_(self._free, self._free)])

    def sizes(self, value: float, others: Array, least: Array) -> Array:
        return self._natural(self._whole(value, others), least)[self._free]

    def _natural(self, x: Array, least: Array) -> Array:
        out = np.ones(x.size)
        own = np.abs(x[: self._sds])
        if self._one:
            out[:1] = np.maximum(own, least.min())
        else:  # coordinates are roots of standard deviations
            out[: self._sds] = 0.5 * np.maximum(own, np.sqrt(least))
        return out

    def moved(self, value: float, others: Array, step: Array) -> Array:
        return others + step

    def lifted(self, value: float, others: Array) -> Array | None:
        x = self._whole(value, others)
        sds, angles = np.abs(x[: self._sds]), x[self._sds :]
        share, most = INSIDE
        low = sds < AT_FOLD * sds.max()
        folded = np.abs(np.cos(angles)) < AT_FOLD
        near = np.concatenate([low, folded])
        if self._place >= 0:
            near[self._place] = False
        if not near.any():
            return None
        out = np.concatenate([np.full(sds.size, share * sds.max()), np.clip(angles, -1.0, 1.0)])
        out[self._sds :] = np.arcsin(most * np.sign(np.sin(angles)))
        return np.where(near, out, x)[self._free]


class HeldCorrelation(StructuredTerm):
    """A correlation that depends on several angles; the others are all coordinates.

    Local coordinates are those of the sizes and of the plane that touches the surface. A step in
    the plane leads back to the surface along the gradient g of the correlation r, so that

        d2x = -g <d2r, N z, N z> / |g|^2   for a step N z.
    """

    def __init__(self, block: TermBlock, parameter: Parameter) -> None:
        super().__init__(block, -1)
        self._pair = parameter.pairs[0]
        self.free = self.size - 1

    def _correlation(self, x: Array) -> tuple[float, Array, Array]:
        """The correlation with its derivatives along the angles."""
        unit = x.copy()
        unit[: self._sds] = 1.0
        t, (i, j) = self._structure.root(unit), self._pair
        picked = np.zeros((self._structure.q,) * 2, order="F")
        picked[i, j] = picked[j, i] = 0.5
        slopes = self._all_directions(unit)[self._sds :, i, j]
        bend = self._structure.bend(unit, picked)[self._sds :, self._sds :]
        return float(t[i] @ t[j]), slopes, bend

    def _whole(self, value: float, others: Array) -> Array:
        found = self._on_surface(value, others)
        return others if found is None else found

    def _on_surface(self, value: float, others: Array) -> Array | None:
        """The point of the surface near `others`; None if there is none."""
        x, wanted = others.copy(), min(max(value, -LARGEST), LARGEST)
        for _ in range(MOST_STEPS):
            r, slopes, _ = self._correlation(x)
            if abs(r - wanted) < EXACT:
                return x
            steep = float(slopes @ slopes)
            if not steep > 0.0:
                return None
            step = slopes * ((wanted - r) / steep)
            x[self._sds :] += step / max(1.0, 2.0 * float(np.abs(step).max()))
        return None

    def root(self, value: float, others: Array) -> Array | None:
        x = self._on_surface(value, others)
        return None if x is None else self._structure.root(x)

    def _plane(self, slopes: Array) -> Array:
        """Steps of the coordinates along the local ones, shape (size, size - 1)."""
        out = np.eye(self.size, self.size - 1)
        turned = np.linalg.qr(slopes[:, None], mode="complete")[0]
        out[self._sds :, self._sds :] = turned[:, 1:]
        return out

    def directions(self, value: float, others: Array) -> Array:
        x = self._whole(value, others)
        plane = self._plane(self._correlation(x)[1])
        return np.asarray(np.tensordot(plane.T, self._all_directions(x), 1))

    def bend(self, value: float, others: Array, score: Array) -> Array:
        x = self._whole(value, others)
        _, slopes, bend = self._correlation(x)
        h = self._structure.bend(x, np.asfortranarray(score))
        along = np.tensordot(self._all_directions(x)[self._sds :], score, 2)
        h[self._sds :, self._sds :] -= (along @ slopes) / (slopes @ slopes) * bend
        plane = self._plane(slopes)
        return np.asarray(plane.T @ h @ plane)

    def sizes(self, value: float, others: Array, least: Array) -> Array:
        return self._natural(self._whole(value, others), least)[:-1]

    def moved(self, value: float, others: Array, step: Array) -> Array:
        x = self._whole(value, others)
        after = x + self._plane(self._correlation(x)[1]) @ step
        return self._whole(value, after)
