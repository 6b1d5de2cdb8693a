"""Moments: sums over the rows by cell, which add up, and contract to the problem of a model."""

from ranef.moments.contract import Contracted, contract
from ranef.moments.merge import merged
from ranef.moments.plan import Plan, make_plan
from ranef.moments.record import Moments

__all__ = ["Contracted", "Moments", "Plan", "contract", "make_plan", "merged"]
