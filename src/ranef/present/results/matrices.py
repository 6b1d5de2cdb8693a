"""The matrices of a fitted model in sparse form."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ranef.design import Design
from ranef.page.phrases import whole
from ranef.present.text.titled import titled_html, titled_text
from ranef.problem.parameters import coordinates, roots
from ranef.types import Array

if TYPE_CHECKING:
    from scipy.sparse import csc_array

__all__ = ["ModelMatrices", "model_matrices"]

_TITLE = "Matrices of y = offset + X beta + Z b + e with b = Lambda u"
_NAMES = (0, 4)  # columns of words


@dataclass(frozen=True, eq=False, repr=False)
class ModelMatrices:
    """The matrices of y = offset + X beta + Z b + e, b = Lambda u. ``str()`` has their sizes.

    Columns of Z stand term by term in the order of ``varcorr``, level by level within a term, and
    effect by effect within a level, as in lme4.

    Attributes
    ----------
    X : ndarray, shape (n, p)
    Z : csc_array, shape (n, k)
    Lambda : csc_array, shape (k, k)
        Relative covariance factor: the random effects have the covariance sigma^2 Lambda Lambda'.
    theta : ndarray
        The free entries of Lambda.
    y : ndarray, shape (n,)
    offset, weights : ndarray, shape (n,), or None
    x_names : tuple of str
    z_names : tuple of (str, str, str)
        Term, level and effect of each column of Z.
    """

    X: Array = field(repr=False)
    Z: csc_array = field(repr=False)
    Lambda: csc_array = field(repr=False)
    theta: Array
    y: Array = field(repr=False)
    offset: Array | None = field(repr=False)
    weights: Array | None = field(repr=False)
    x_names: tuple[str, ...]
    z_names: tuple[tuple[str, str, str], ...] = field(repr=False)

    @property
    def L(self) -> csc_array:
        """Sparse Cholesky factor: with P = `permutation`, L L' = (Lambda'Z'WZ Lambda + I)[P, P]."""
        made: csc_array = self._factor[0]
        return made

    @property
    def permutation(self) -> NDArray[np.intp]:
        """The order of the columns in `L`, one that keeps it sparse."""
        return self._factor[1]

    @cached_property
    def _factor(self) -> tuple[Any, NDArray[np.intp]]:
        """Made when first asked for: of large crossed factors it takes time and memory."""
        from scipy.sparse import csc_array, diags_array, eye_array

        half = self.Z @ self.Lambda
        weighted = half if self.weights is None else diags_array(self.weights) @ half
        return _cholesky(csc_array(half.T @ weighted + eye_array(self.Z.shape[1])))

    @property
    def Lambdat(self) -> csc_array:
        """Lambda'."""
        return self.Lambda.T.tocsc()

    @property
    def Zt(self) -> csc_array:
        """Z'."""
        return self.Z.T.tocsc()

    def _cells(self) -> list[list[str]]:
        """A row a matrix: name, what it holds, size, entries that are not zero."""
        rows = [["", "Rows", "Columns", "Not zero", "Holds"]]
        for name, matrix, words in (
            ("X", self.X, "fixed effects"),
            ("Z", self.Z, "random effects"),
            ("Lambda", self.Lambda, "relative covariance factor"),
        ):
            entries = (
                int(np.count_nonzero(matrix)) if isinstance(matrix, np.ndarray) else matrix.nnz
            )
            rows.append([name, *map(whole, (*matrix.shape, entries)), words])
        for name, vector, words in (
            ("y", self.y, "response"),
            ("theta", self.theta, "free entries of Lambda"),
            ("offset", self.offset, "known part"),
            ("weights", self.weights, "of the rows"),
        ):
            if vector is not None:
                entries = int(np.count_nonzero(vector))
                rows.append([name, whole(vector.size), "", whole(entries), words])
        return rows

    def __str__(self) -> str:
        return titled_text([_TITLE], self._cells(), left=_NAMES)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return titled_html(_TITLE, "", self._cells(), left=_NAMES)


def model_matrices(
    design: Design, theta: Array, weights: Array | None, offset: Array | None
) -> ModelMatrices:
    """The matrices of a design at a theta, both on the data's scale."""
    from scipy.sparse import block_diag, csc_array, hstack

    blocks, factors, names = [], [], []
    triangles = roots(design.plan.blocks, coordinates(design.plan.blocks, theta))
    for term, triangle in zip(design.terms, triangles, strict=True):
        q = term.q
        columns = (term.codes.astype(np.int64)[:, None] * q + np.arange(q)).ravel()
        rows = np.repeat(np.arange(design.n), q)
        shape = (design.n, term.n_levels * q)
        made = csc_array((np.ascontiguousarray(term.Z).ravel(), (rows, columns)), shape=shape)
        made.eliminate_zeros()
        blocks.append(made)
        factors += [triangle] * term.n_levels
        names += [(term.label, level, effect) for level in term.levels for effect in term.names]
    if not blocks:
        z, root = csc_array((design.n, 0)), csc_array((0, 0))
    else:
        z, root = hstack(blocks, format="csc"), csc_array(block_diag(factors, format="csc"))
    return ModelMatrices(
        X=design.X,
        Z=z,
        Lambda=root,
        theta=theta.copy(),
        y=design.y.copy(),
        offset=None if offset is None else offset.copy(),
        weights=None if weights is None else weights.copy(),
        x_names=design.x_names,
        z_names=tuple(names),
    )


def _cholesky(matrix: Any) -> tuple[Any, NDArray[np.intp]]:
    """Lower L and an order P with L L' = matrix[P, P], by SuperLU without pivoting."""
    from scipy.sparse import csc_array, diags_array
    from scipy.sparse.linalg import splu

    size = matrix.shape[0]
    if not size:
        return csc_array((0, 0)), np.zeros(0, dtype=np.intp)
    made = splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    order = np.empty(size, dtype=np.intp)
    order[made.perm_c] = np.arange(size)
    factor = made.L @ diags_array(np.sqrt(made.U.diagonal()))
    return csc_array(factor), order
