"""The sums over the rows of a fit, to which the sums of other rows can be added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.errors import OptionError
from ranef.fit.record import FitRecord
from ranef.present.progress import progress

if TYPE_CHECKING:
    from ranef.sums import Moments

__all__ = ["Additive"]


class Additive(FitRecord):
    """The moments of a linear fit."""

    @property
    @progress("summing the rows")
    def moments(self) -> Moments:
        """Sums over the rows of the fit: they add to those of other rows.

        ``rn.lmm(formula, fit.moments + new, start=fit.theta)`` fits the rows of both. New levels of
        the grouping factors are appended. A new level of a category of the fixed part would change
        what the coefficients mean: adding such rows is an error.

        Raises
        ------
        OptionError
            The fit does not know its data, or its weights or offset are an array.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("sleepstudy")
        >>> formula = "Reaction ~ Days + (Days | Subject)"
        >>> fit = rn.lmm(formula, data[data["Days"] < 8])
        >>> new = rn.moments(formula, data[data["Days"] >= 8])
        >>> rn.lmm(formula, fit.moments + new, start=fit.theta).nobs
        180
        """
        from ranef.sums.settled import settled

        given = self._spec.given
        if self._elsewhere is not None:
            return settled(self._elsewhere.moments)
        if given is None:
            raise OptionError(
                "this fit does not know its data",
                found="a fit from a file or another process",
                fix="make them from the data, rn.moments(formula, data), or save fit.moments where "
                "the fit was made and read them here with rn.load_moments(path)",
            )
        from ranef.streams import moments_of, open_source
        from ranef.streams.arrow import from_frames

        for name in ("weights", "offset"):
            if not isinstance(getattr(given, name), str | None):
                raise OptionError(
                    f"the {name} of the fit are an array, and moments take the name of a column",
                    fix=f"make the {name} a column of the data",
                )
        if given.subset is not None:
            raise OptionError(
                "the fit used some rows of its data, and its moments would be of all rows",
                found=f"subset={given.subset!r}",
                fix="select the rows of the data before the fit",
            )
        source = open_source(from_frames([given.data]))
        return settled(moments_of(source, self._formula, given.weights, given.offset))
