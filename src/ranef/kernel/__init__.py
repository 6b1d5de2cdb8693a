"""Kernels: cross-products in, criterion and derivatives out. Only `kernel.core` touches C++."""

from ranef.kernel.core import (
    CoreKernel,
    CrossProducts,
    column_scales,
    cross_products,
    row_variances,
    vector_scale,
)
from ranef.kernel.penalty import CovariancePenalty, Penalty, TermPenalty
from ranef.kernel.protocol import (
    Curvature,
    Direction,
    Evidence,
    Kernel,
    Optimum,
    Rows,
    RowsGroup,
    Solved,
    Step,
    TermBlock,
)
from ranef.kernel.reference import ReferenceKernel

__all__ = [
    "CoreKernel",
    "CovariancePenalty",
    "CrossProducts",
    "Curvature",
    "Direction",
    "Evidence",
    "Kernel",
    "Optimum",
    "Penalty",
    "ReferenceKernel",
    "Rows",
    "RowsGroup",
    "Solved",
    "Step",
    "TermBlock",
    "TermPenalty",
    "column_scales",
    "cross_products",
    "row_variances",
    "vector_scale",
]
