"""What to type to fit a model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ranef.family import Family, ZeroInflated
from ranef.page import cells, paragraph

__all__ = ["Call", "family_arguments", "quoted"]

STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")

LONG = 7
"""Length from which on a list of start values is shown by a name."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of :func:`ranef.lmm`, or of :func:`ranef.lm` for a model without random part.

    Or of another `function`.

    Attributes
    ----------
    formula : str
    data : str
        As it is typed: ``'data[data["school"] != "s17"]'``.
    arguments : tuple of str
        As they are typed: ``("reml=False",)``.
    random : bool
        Whether the formula has a random part.
    function : str
        What is called if it has one.
    """

    formula: str
    data: str = "data"
    arguments: tuple[str, ...] = ()
    random: bool = True
    function: str = "rn.lmm"

    def changed(
        self,
        formula: str,
        data: str = "data",
        arguments: tuple[str, ...] = (),
        random: bool = True,
    ) -> Call:
        """Another formula, with these arguments and more; they replace those of the same name."""
        named = {argument.partition("=")[0]: argument for argument in self.arguments}
        named |= {argument.partition("=")[0]: argument for argument in arguments}
        return replace(
            self, formula=formula, data=data, arguments=tuple(named.values()), random=random
        )

    def abbreviated(self) -> Call:
        """With ``start=theta`` in place of a long list of start values."""
        shown = ["start=theta" if _is_long(text) else text for text in self.arguments]
        return replace(self, arguments=tuple(shown))

    def text(self, width: int = 0) -> str:
        """The call on one line, or on several if it is wider than that.

        The formula is then in adjacent strings, so that the call can still be typed.

        Examples
        --------
        >>> print(Call("y ~ x + (x | g)", arguments=("reml=False",)).text())
        rn.lmm("y ~ x + (x | g)", data, reml=False)
        >>> print(Call("y ~ x + (x | g)", arguments=("reml=False",)).text(24))
        rn.lmm(
            "y ~ x + (x | g)",
            data, reml=False)
        """
        formula, rest = quoted(self.formula), ", ".join((self.data, *self.arguments))
        function = self.function if self.random else "rn.lm"
        line = f"{function}({formula}, {rest})"
        if not width or cells(line) <= width:
            return line
        quote, inner = formula[0], formula[1:-1]
        pieces = paragraph(inner, width=width - 8, whole_words=True, drop_whitespace=False)
        lines = [f"{quote}{piece}{quote}" for piece in pieces]
        lines[-1] += ","
        # A line may end after any space but those of a string.
        whole = STRING.sub(lambda found: found[0].replace(" ", "\0"), f"{rest})")
        broken = paragraph(whole, width=width - 4, whole_words=True)
        lines += [line.replace("\0", " ") for line in broken]
        return "\n".join([f"{function}(", *(f"    {line}" for line in lines)])


def family_arguments(family: Family) -> tuple[str, ...]:
    """The arguments of :func:`ranef.glmm` that name a family.

    >>> from ranef.family import Poisson, ZeroInflated
    >>> family_arguments(ZeroInflated(Poisson()))
    ('family="poisson"', 'zero_inflation="~ 1"')
    """
    if isinstance(family, ZeroInflated):
        return (*family_arguments(family.base), 'zero_inflation="~ 1"')
    return (f"family={quoted(family.text)}",)


def quoted(text: str) -> str:
    """A string as it is typed."""
    return f'"{text}"' if '"' not in text and "\\" not in text else repr(text)


def _is_long(argument: str) -> bool:
    return argument.startswith("start=[") and argument.count(",") >= LONG - 1
