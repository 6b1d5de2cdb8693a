"""What a file may hold: the only place that knows which classes are written and read.

A file names a class by the word on the left. No other class can be made from a file, and none is
looked up by a name that a file gives.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["Kind", "by_class", "by_name"]


class Kind(NamedTuple):
    """How the instances of a class are taken apart and put together."""

    name: str
    cls: type[Any]
    state: Callable[[Any], Any]
    make: Callable[[Any], Any]


# Records: their fields are written by name.
_RECORDS = {
    "ranef.types": ("Finding", "MissingRows"),
    "ranef.core.terms": ("TermLabel",),
    "ranef.design.matrix": ("Cells", "ModelColumns"),
    "ranef.design.terms": ("RandomTerm",),
    "ranef.formula.nodes": (
        *("Binary", "Call", "Constant", "Name", "Negative", "Number", "RandomPart", "String"),
        *("Sum", "Vector"),
    ),
    "ranef.formula.terms": ("Model", "Term"),
    "ranef.formula.model": ("Bar", "Formula"),
    "ranef.design.aliased": ("Aliases",),
    "ranef.design.cuts": ("Cuts",),
    "ranef.design.design": ("Design",),
    "ranef.design.encoding": ("Encoding",),
    "ranef.design.fixed": ("Contrast",),
    "ranef.design.grouping": ("Grouping",),
    "ranef.design.means": ("GroupMeans",),
    "ranef.design.natural_spline": ("NaturalSpline",),
    "ranef.design.random": ("TermCoding",),
    "ranef.design.state": ("Category", "State"),
    "ranef.design.fixed_part": ("FixedPart",),
    "ranef.design.generalised.record": ("GeneralisedResponse",),
    "ranef.inference.estimates": ("Estimates",),
    "ranef.inference.generalised.estimates": ("GeneralisedEstimates",),
    "ranef.inference.generalised.kept_kernel": ("KeptKernel", "KeptPairs", "SolutionWithoutRows"),
    "ranef.inference.term_hypotheses": ("TermHypotheses",),
    "ranef.core.protocol": ("Layout",),
    "ranef.priors.assign": ("Assigned",),
    "ranef.priors.covariance": ("Gamma", "HalfNormal", "HalfT", "LKJ", "Wishart"),
    "ranef.priors.fixed": ("Normal",),
    "ranef.problem.generalised": ("PsiNames",),
    "ranef.inference.generalised.laplace_error": ("ErrorEstimate",),
    "ranef.problem.problem": ("Problem",),
    "ranef.problem.separation.record": ("Limit", "Separation"),
    "ranef.problem.residuals": ("ResidualPart",),
    "ranef.problem.without_rows": ("ProblemWithoutRows",),
    "ranef.residual.ar1": ("AR1",),
    "ranef.residual.spec": ("ResidualSpec",),
    "ranef.residual.strata": ("Strata",),
    "ranef.solve.control": ("Control",),
    "ranef.solve.family_ends": ("FamilyEnd",),
    "ranef.solve.finite": ("Finite", "RisingVariances"),
    "ranef.solve.solution": ("Solution",),
    "ranef.source.scaling": ("Scaling",),
    "ranef.store.kept": ("Kept",),
}

# Rows of the core: written by these names as records are.
_ROWS = {
    "RowsGroup": ("codes", "n_levels", "columns", "shifts", "scales"),
    "Rows": ("groups", "x", "x_shifts", "x_scales", "y", "y_shift", "y_scale", "weights"),
}

# Named tuples: their entries are written in order.
_TUPLES = {
    "ranef.core.terms": ("TermBlock",),
    "ranef.core.protocol": ("Evidence",),
    "ranef.core.workspace": ("CrossedSolver",),
    "ranef.solve.found": ("Found",),
}


@cache
def _kinds() -> tuple[Kind, ...]:
    from dataclasses import fields

    from ranef import core
    from ranef.core import CoreScaling, CoreSolved, CrossProducts
    from ranef.design.levels import Levels
    from ranef.store.absent import Absent
    from ranef.store.checks import checked_state
    from ranef.store.packed import packed_moments, unpacked_moments
    from ranef.sums import Moments
    from ranef.types import Findings

    def of_record(cls: Any, names: tuple[str, ...] = (), prefix: str = "") -> Kind:
        names = names or tuple(f.name for f in fields(cls))

        def state(value: Any) -> dict[str, Any]:
            return {name: getattr(value, name) for name in names}

        def make(state: Any) -> Any:
            if not isinstance(state, dict):
                raise TypeError(f"{cls.__name__} is written by its fields")
            return cls(**state)

        return Kind(prefix + cls.__name__, cls, state, make)

    def of_core(name: str, cls: Any) -> Kind:
        # What the core computes: its state is numbers, arrays and bytes.
        def make(state: Any) -> Any:
            value = cls.__new__(cls)
            value.__setstate__(checked_state(name, state))
            return value

        return Kind(f"core {name}", cls, lambda value: value.__getstate__(), make)

    kinds = [
        of_record(getattr(import_module(module), name))
        for module, names in _RECORDS.items()
        for name in names
    ]
    kinds += [of_record(getattr(core, name), names) for name, names in _ROWS.items()]
    for module, names in _TUPLES.items():
        for name in names:
            cls = getattr(import_module(module), name)
            kinds.append(Kind(name, cls, tuple, partial(_entries, cls)))
    kinds += [
        of_core("CrossProducts", CrossProducts),
        of_core("Scaling", CoreScaling),
        of_core("Solved", CoreSolved),
    ]
    kinds += [of_record(cls, prefix="family ") for cls in _families()]
    kinds.append(Kind("Levels", Levels, _levels, lambda s: Levels(*s)))
    kinds.append(Kind("moments", Moments, packed_moments, unpacked_moments))
    kinds.append(Kind("Findings", Findings, tuple, Findings))
    kinds.append(Kind("Absent", Absent, lambda v: v.__getstate__(), lambda s: Absent(*s)))
    return tuple(kinds)


def _families() -> list[Any]:
    """The classes of all families."""
    from ranef.family import ZeroInflated
    from ranef.family.registry import FAMILIES

    return list(dict.fromkeys([*(type(make()) for make in FAMILIES.values()), ZeroInflated]))


def _entries(cls: type[Any], entries: Any) -> Any:
    """A named tuple; entries at its end that a file does not have yet take their defaults."""
    return cls(*entries)


def _levels(levels: Any) -> tuple[Any, Any]:
    """Names, unless numbers make them."""
    return (levels.names, None) if levels.numbers is None else (None, levels.numbers)


@cache
def by_class() -> dict[type[Any], Kind]:
    """The kind of each class that can be written."""
    return {kind.cls: kind for kind in _kinds()}


@cache
def by_name() -> dict[str, Kind]:
    """The kind that each word in a file stands for."""
    return {kind.name: kind for kind in _kinds()}
