"""Kernels: cross-products in, criterion and derivatives out. `sums` and `core` touch C++.

`core.replicates`, which refits many responses, is loaded when it is needed. The tests compare the
kernel with a dense one in NumPy, `tests/oracle/kernel.py`: read the mathematics there.
"""

from ranef.core.arguments import core_structure
from ranef.core.crossed import (
    CrossedSolver,
    Estimation,
    crossed_shape,
    needs_exact,
    order_of_tail,
)
from ranef.core.penalty import NO_PENALTY, CovariancePenalty, Penalty, TermPenalty
from ranef.core.protocol import (
    Curvature,
    Direction,
    Evidence,
    Kernel,
    Layout,
    Optimum,
    Rows,
    RowsGroup,
    Solved,
    Step,
)
from ranef.core.residuals import Residual, combine, core_residual
from ranef.core.structures import Structure, TermFace
from ranef.core.sums import (
    CoreScaling,
    CrossProducts,
    change_response,
    column_scales,
    cross_products,
    from_cells,
    scaling_of,
)
from ranef.core.terms import TermBlock, TermLabel
from ranef.core.workspace import (
    CoreKernel,
    CoreSolved,
    change_fixed,
    one_blas_thread,
    row_variances,
)

__all__ = [
    "NO_PENALTY",
    "CoreKernel",
    "CoreScaling",
    "CoreSolved",
    "CovariancePenalty",
    "CrossProducts",
    "CrossedSolver",
    "Curvature",
    "Direction",
    "Estimation",
    "Evidence",
    "Kernel",
    "Layout",
    "Optimum",
    "Penalty",
    "Residual",
    "Rows",
    "RowsGroup",
    "Solved",
    "Step",
    "Structure",
    "TermBlock",
    "TermFace",
    "TermLabel",
    "TermPenalty",
    "change_fixed",
    "change_response",
    "column_scales",
    "combine",
    "core_residual",
    "core_structure",
    "cross_products",
    "crossed_shape",
    "from_cells",
    "needs_exact",
    "one_blas_thread",
    "order_of_tail",
    "row_variances",
    "scaling_of",
]
