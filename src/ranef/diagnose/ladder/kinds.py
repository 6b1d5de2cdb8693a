"""All kinds of rungs. A new one is a file with planner and kind, and a line in each list."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.ladder import judge, judge_other, larger, parsimonious
from ranef.diagnose.ladder.centring import centring_plans
from ranef.diagnose.ladder.comparison import test_fixed_part, test_random_part, test_rank
from ranef.diagnose.ladder.kind import Asked, Kind, Place, Planner, untested
from ranef.diagnose.ladder.predictors import predictor_plans
from ranef.diagnose.ladder.prior import prior_plans
from ranef.diagnose.ladder.random_part import random_part_plans
from ranef.diagnose.ladder.rank import rank_plans
from ranef.diagnose.ladder.rows import row_plans
from ranef.diagnose.ladder.rung import Plan, Test, Tried

__all__ = ["kind_of", "plans_of"]


def _smaller_random_part(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return test_random_part(asked, tried)


def _mean_beside_centred(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    centred = [t for t in every if t.plan.key == "centred" and t.plan.group == tried.plan.group]
    return test_fixed_part(centred[0], tried) if centred else None


_PLANNERS: tuple[Planner, ...] = (
    larger.larger_plans,
    lambda asked: row_plans(asked.subject, asked.findings),
    lambda asked: predictor_plans(asked.subject, asked.findings),
    lambda asked: centring_plans(asked.subject, asked.findings),
    parsimonious.parsimonious_plans,
    lambda asked: random_part_plans(asked.subject, asked.supports),
    lambda asked: rank_plans(asked.subject, asked.supports),
    lambda asked: prior_plans(asked.subject),
)

_KINDS = (
    Kind("as-asked", Place.PRIOR_OFF, untested, judge.as_asked),
    Kind("without-prior", Place.PRIOR_OFF, untested, judge.without_prior),
    *larger.KINDS,
    Kind("without-copies", Place.DATA, untested, judge_other.without_rows),
    Kind("without-group", Place.DATA, untested, judge_other.without_rows),
    Kind(
        "drop-predictor",
        Place.FIXED,
        lambda asked, tried, every: test_fixed_part(tried, asked),
        judge_other.drop_predictor,
    ),
    Kind("centred", Place.FIXED, untested, judge.centred),
    Kind(
        "group-mean",
        Place.FIXED,
        lambda asked, tried, every: test_fixed_part(asked, tried),
        judge.group_mean,
    ),
    Kind("centred-mean", Place.FIXED, _mean_beside_centred, judge.centred_mean),
    parsimonious.KIND,
    Kind("zero-correlation", Place.CORRELATION, _smaller_random_part, judge.zero_correlation),
    Kind(
        "reduced-rank",
        Place.RANK,
        lambda asked, tried, every: test_rank(asked, tried),
        judge_other.reduced_rank,
    ),
    Kind("drop-slope", Place.SMALLER, _smaller_random_part, judge.smaller),
    Kind("drop-term", Place.SMALLER, _smaller_random_part, judge.drop_term),
    Kind("random-intercepts", Place.SMALLER, _smaller_random_part, judge.smaller),
    Kind("prior", Place.PRIOR, untested, judge.prior),
)

_BY_KEY = {kind.key: kind for kind in _KINDS}


def kind_of(key: str) -> Kind:
    """The kind of a rung."""
    return _BY_KEY[key]


def plans_of(asked: Asked) -> list[Plan]:
    """What to fit, in the order of the ladder.

    Where the smallest random part has been searched for, step by step, the single steps are left
    out: a page has one answer and not twenty.
    """
    plans = [plan for planner in _PLANNERS for plan in planner(asked)]
    if any(plan.key == parsimonious.KIND.key for plan in plans):
        plans = [plan for plan in plans if plan.key not in parsimonious.STEPS]
    return sorted(plans, key=lambda plan: kind_of(plan.key).place)
