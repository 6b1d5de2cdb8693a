"""What a user calls."""

from ranef.api.comparing import anova, compare
from ranef.api.generalised import glmm
from ranef.api.linear import lm, lmm
from ranef.api.streaming import load_moments, moments, scan

__all__ = ["anova", "compare", "glmm", "lm", "lmm", "load_moments", "moments", "scan"]
