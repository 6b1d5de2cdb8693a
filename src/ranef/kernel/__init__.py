"""Kernels: cross-products in, criterion and derivatives out. Only `kernel.core` touches C++."""

from ranef.kernel.core import (
    CoreKernel,
    CrossProducts,
    cross_products,
    one_blas_thread,
    row_variances,
)
from ranef.kernel.penalty import CovariancePenalty, Penalty, TermPenalty
from ranef.kernel.protocol import Curvature, Direction, Kernel, Optimum, Rows, RowsGroup, TermBlock
from ranef.kernel.reference import ReferenceKernel

__all__ = [
    "CoreKernel",
    "CovariancePenalty",
    "CrossProducts",
    "Curvature",
    "Direction",
    "Kernel",
    "Optimum",
    "Penalty",
    "ReferenceKernel",
    "Rows",
    "RowsGroup",
    "TermBlock",
    "TermPenalty",
    "cross_products",
    "one_blas_thread",
    "row_variances",
]
