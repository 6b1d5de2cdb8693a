"""The fit of a generalised linear mixed model."""

from ranef.fit.generalised.facade import GeneralisedFit

__all__ = ["GeneralisedFit"]
