"""The left side of a generalised model's formula: from columns to a coded response."""

from ranef.design.generalised.code import code_response
from ranef.design.generalised.record import GeneralisedResponse

__all__ = ["GeneralisedResponse", "code_response"]
