"""Moments: sums over the rows by cell, which add up, and contract to the problem of a model."""

from ranef.sums.contract import Contracted, contract
from ranef.sums.merge import merged
from ranef.sums.model import NotHeldError
from ranef.sums.moments import Moments
from ranef.sums.plan import Plan, make_plan

__all__ = ["Contracted", "Moments", "NotHeldError", "Plan", "contract", "make_plan", "merged"]
