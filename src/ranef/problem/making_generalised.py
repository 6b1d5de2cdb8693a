"""From the data of a generalised model to its problem."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ranef.core import Rows, cross_products, scaling_of
from ranef.core.columns import row_threads
from ranef.core.generalised import Channel, family_start
from ranef.design.generalised_data import GeneralisedData
from ranef.design.matrix import ModelColumns
from ranef.family import Part
from ranef.problem.generalised import GeneralisedProblem, PsiNames, answer_channels
from ranef.source.part_scaling import part_scaling
from ranef.source.scaling import COLLINEAR, Scaling, checked, orthogonal_scaling
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["make_generalised"]

IN_UNITS_OF_RESPONSE = ("identity", "inverse", "sqrt", "1/mu^2")


def make_generalised(
    data: GeneralisedData,
    n_agq: int = 1,
    prior: Assigned | None = None,
    threads: int | None = None,
) -> GeneralisedProblem:
    """Scale the columns, and describe what is minimised.

    Parameters
    ----------
    data : GeneralisedData
    n_agq : int
        1 for Laplace's method, otherwise nodes of adaptive quadrature.
    prior : Assigned, optional
    threads : int, optional

    Raises
    ------
    DataError
        A column whose values are too small or too large to be squared.
    """
    design = data.design
    scaling, rows, middle = _scaled(data, row_threads(design.n, threads))
    channels, psi, changes = [], [], [scaling.R @ np.diag(middle.ratios)]
    place = 0
    for part in data.family.parts:
        made, names, own = _channels(data, part, place)
        channels += made
        psi.append(PsiNames(part, names))
        changes.append(own)
        place += len(names)
    change = _block_diagonal(changes)
    if data.family.RESPONSE == "ordered":
        change[design.p :, : design.p] = middle.values @ changes[0]
    plan = design.plan
    return GeneralisedProblem(
        rows=rows,
        offset=data.offset,
        channels=tuple(channels),
        psi=tuple(psi),
        change=change,
        terms=plan.blocks,
        labels=plan.labels,
        scaling=scaling,
        family=data.family,
        n_agq=n_agq,
        x_names=design.x_names,
        prior=prior,
        given=None if scaling.orthogonal is None else tuple(plan.fixed),
    )


class _Middle(NamedTuple):
    """The middle of the columns of X that is taken from them where cut points take it up.

    A model of ordered answers has no intercept: its cut points move against the predictor. If they
    had to follow a column far from zero, as the year is, a search would take its steps along a
    narrow valley.

    Attributes
    ----------
    values : ndarray, shape (p,)
        On the data's scale; zero for families with an intercept of their own.
    ratios : ndarray, shape (p,)
        Of the sizes of the inner columns before to those after.
    """

    values: Array
    ratios: Array


def _scaled(data: GeneralisedData, threads: int) -> tuple[Scaling, Rows, _Middle]:
    """The rows under a scaling of X and Z; that of a nearly collinear X is orthogonal."""
    design = data.design
    plan = design.plan
    plain = Rows(groups=plan.groups, x=plan.fixed, y=data.y, weights=data.weights)
    core = scaling_of(plain, plan.blocks, threads).with_response(0.0, 1.0)
    core = core.with_unit(_unit(data))
    scaling = checked(design, core)
    rows = plain.scaled(scaling.core)
    middle = _Middle(np.zeros(design.p), np.ones(design.p))
    if data.family.RESPONSE == "ordered":
        rows, middle = _centred(rows)
    if design.p > 1:
        alone = cross_products(rows.replace(groups=[], weights=None), threads)
        if alone.fixed_part[0] < COLLINEAR:
            scaling = orthogonal_scaling(design, scaling, middle.values, middle.ratios)
            middle = middle._replace(ratios=np.ones(design.p))
            assert scaling.orthogonal is not None
            x = ModelColumns.of(scaling.orthogonal).columns
            rows = plain.replace(x=x, x_shifts=None, x_scales=None).scaled(scaling.core)
    return scaling, rows, middle


def _centred(rows: Rows) -> tuple[Rows, _Middle]:
    """Rows whose columns of X have the mean zero and the size one."""
    means, sds = np.zeros(len(rows.x)), np.ones(len(rows.x))
    scales, shifts = np.array(rows.x_scales), np.array(rows.x_shifts)
    for k, column in enumerate(rows.x):
        if column is not None:
            own = (column - shifts[k]) / scales[k]
            means[k], sds[k] = float(np.mean(own)), float(np.std(own))
    sds[sds == 0.0] = 1.0
    shifts += scales * means
    scales *= sds
    return rows.replace(x_shifts=shifts, x_scales=scales), _Middle(shifts, 1.0 / sds)


def _unit(data: GeneralisedData) -> float:
    """The size of linear predictors, where they are in units of the response; else 1.

    Steps of a search are measured by it.
    """
    family = data.family
    if family.link not in IN_UNITS_OF_RESPONSE:
        return 1.0
    eta, _ = family_start(family.core_name, family.link, family.core_constants(), data.y, None)
    spread = float(np.std(eta))
    return spread if np.isfinite(spread) and spread > 0.0 else 1.0


def _channels(
    data: GeneralisedData, part: Part, place: int
) -> tuple[list[Channel], tuple[str, ...], Array]:
    """The channels of a part whose coefficients begin at `place`, their names and their scales."""
    if part == "thresholds":
        return _thresholds(data, place)
    own = data.parts[part]
    columns = zip(own.columns.columns, own.names, strict=True)
    scaled = part_scaling([None if name == INTERCEPT else column for column, name in columns])
    coefficients = tuple(range(place, place + len(own.names)))
    return [Channel(scaled.columns, coefficients)], own.names, scaled.change


def _thresholds(data: GeneralisedData, place: int) -> tuple[list[Channel], tuple[str, ...], Array]:
    """The cut points above and below each answer; those of the ends of the scale are not read."""
    assert data.design.generalised is not None
    levels = data.design.generalised.levels
    count = len(levels) - 1
    names = tuple(f"{low}|{high}" for low, high in pairwise(levels))
    channels = list(answer_channels(data.y, count, place))
    return channels, names, np.eye(count)


def _block_diagonal(blocks: list[Array]) -> Array:
    size = sum(block.shape[0] for block in blocks)
    out = np.zeros((size, size))
    at = 0
    for block in blocks:
        own = slice(at, at + block.shape[0])
        out[own, own] = block
        at += block.shape[0]
    return out
