"""What marginal means are of, in words: titles and labels of axes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ranef.present.text.words import Words

__all__ = ["Heading"]


@dataclass(frozen=True, slots=True)
class Heading:
    """What means or slopes are of.

    Attributes
    ----------
    response : str
    slope : str or None
        The variable whose slopes they are.
    words : Words
    """

    response: str
    slope: str | None
    words: Words = field(repr=False)

    def with_words(self, words: Words) -> Heading:
        """The same in other words."""
        return replace(self, words=words)

    @property
    def title(self) -> str:
        """
        >>> Heading("math", None, Words({"math": "Achievement"})).title
        'Marginal means of Achievement'
        """
        if self.slope is None:
            return f"Marginal means of {self._response}"
        return f"Slopes of {self._response} in {self.words.variable(self.slope)}"

    @property
    def contrasts(self) -> str:
        """The title of contrasts."""
        return f"Contrasts of {self.title[:1].lower()}{self.title[1:]}"

    @property
    def axis(self) -> str:
        """The label of the axis that they lie along."""
        if self.slope is None:
            return f"{self._response}, marginal mean"
        return f"Slope of {self._response} in {self.words.variable(self.slope)}"

    @property
    def _response(self) -> str:
        return self.words.variable(self.response)
