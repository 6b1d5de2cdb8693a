"""What R's lme4 1.1-31 prints for the raw model, with default settings on Linux."""

from __future__ import annotations

__all__ = ["MESSAGE", "REML_CRITERION", "TOLERANCE", "VERSION"]

VERSION = "lme4 1.1-31"
MESSAGE = "Model failed to converge with max|grad| = 0.00578925 (tol = 0.002, component 1)"
REML_CRITERION = 46569.112205113
"""Where its optimiser stopped."""
TOLERANCE = 0.002
"""Its limit for the scaled gradient."""
