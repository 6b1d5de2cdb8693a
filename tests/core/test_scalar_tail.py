"""Random intercepts of crossed factors: second derivatives at variances of zero, and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_tail import crossed
from tests.oracle.kernel import ReferenceKernel

from ranef.core import CoreKernel, Direction, cross_products

SIZES = [(0.8, 0.0, 0.5), (0.8, 0.0, 0.0), (0.0, 0.6, 0.0), (0.7, 1e-7, 0.4), (0.0, 0.0, 0.0)]


@pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])
@pytest.mark.parametrize("sizes", SIZES)
def test_second_derivatives_at_variances_of_zero(sizes, reml):
    rng = np.random.default_rng(4)
    levels = [60, 25, 16]
    # The last factor's levels are met by few of the first: blocks and a border.
    first = rng.integers(0, levels[0], 900)
    codes = [first, rng.integers(0, levels[1], 900), (first + 60 * rng.integers(0, 2, 900)) % 16]
    products = cross_products(crossed(codes, levels))
    kernels = [CoreKernel(products, reml), ReferenceKernel(products, reml)]
    directions = [Direction(g, np.array([[1.0 + 0.3 * g]])) for g in range(3)]
    found = []
    for kernel in kernels:
        assert kernel.evaluate([np.array([[size]]) for size in sizes])
        kernel.gamma()
        found.append(kernel.hessian(directions).hessian)
    size = np.sqrt(np.abs(np.diag(found[1])))
    scale = np.outer(size, size)
    np.testing.assert_allclose(found[0] / scale, found[1] / scale, atol=1e-9)


PEAK = """
import sys
import numpy as np
sys.path.insert(0, {folder!r})
from test_tail import crossed
from ranef.core import CoreKernel, Direction, cross_products

def kilobytes(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

def kernel_of(levels, n):
    rng = np.random.default_rng(0)
    kernel = CoreKernel(
        cross_products(crossed([rng.integers(0, k, n) for k in levels], levels)), False
    )
    return kernel

def work(kernel, size):
    kernel.evaluate([np.array([[1.0]]), np.array([[size]])])
    kernel.gamma()
    directions = [Direction(g, np.eye(1)) for g in range(2)]
    kernel.average_information(directions)
    kernel.hessian(directions)

work(kernel_of([200, 100], 2000), 0.0)  # what is loaded once
kernel = kernel_of([1600, 1450], 40000)
before = kilobytes("VmRSS")
work(kernel, {size})
print(kernel.memory, 1024 * (kilobytes("VmHWM") - before))
"""


@pytest.mark.parametrize("size", [1.0, 0.0], ids=["inside", "at zero"])
def test_memory_is_what_second_derivatives_take(size):
    if not Path("/proc/self/status").exists():
        return  # only Linux tells a process its peak
    script = PEAK.format(folder=str(Path(__file__).parent), size=size)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    promised, taken = (int(number) for number in run.stdout.split())
    assert taken < 1.1 * promised + 1e7  # the levels of the first factor and buffers of BLAS
    assert taken > 0.5 * promised
