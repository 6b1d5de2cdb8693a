"""Kernels: cross-products in, criterion and derivatives out. Only `kernel.core` touches C++."""

from ranef.kernel.core import (
    CoreKernel,
    CrossProducts,
    change_fixed,
    cross_products,
    one_blas_thread,
    row_variances,
)
from ranef.kernel.penalty import CovariancePenalty, Penalty, TermPenalty
from ranef.kernel.protocol import Curvature, Direction, Kernel, Optimum, Rows, RowsGroup, TermBlock
from ranef.kernel.reference import ReferenceKernel
from ranef.kernel.replicates import EffectPool, RefitPlan, Refits, Replicator

__all__ = [
    "CoreKernel",
    "CovariancePenalty",
    "CrossProducts",
    "Curvature",
    "Direction",
    "EffectPool",
    "Kernel",
    "Optimum",
    "Penalty",
    "ReferenceKernel",
    "RefitPlan",
    "Refits",
    "Replicator",
    "Rows",
    "RowsGroup",
    "TermBlock",
    "TermPenalty",
    "change_fixed",
    "cross_products",
    "one_blas_thread",
    "row_variances",
]
