"""How much the parts of a model explain: shares of the variance, standardised coefficients."""

from ranef.inference.effect_sizes.parts import VarianceParts, variance_parts
from ranef.inference.effect_sizes.standardised import standardised_design
from ranef.inference.effect_sizes.units import coefficient_units

__all__ = ["VarianceParts", "coefficient_units", "standardised_design", "variance_parts"]
