"""The coefficients of a model by levels: each is made of coefficients of the level above.

With two levels they are beta and gamma (Raudenbush and Bryk 2002, chapter 2), with three levels pi,
beta and gamma (the same, chapter 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ranef.formula.naming import factors
from ranef.present.equation.columns import Column, Piece, letters_of, summed
from ranef.present.equation.expression import Writer
from ranef.present.equation.hierarchy import Hierarchy
from ranef.present.equation.parts import Parts, RandomPart
from ranef.types import INTERCEPT

__all__ = ["Coefficient", "Path", "Tree", "joined_numbers", "tree_of"]

_LETTERS = {2: (r"\beta", r"\gamma"), 3: (r"\pi", r"\beta", r"\gamma")}
_EFFECTS = {2: ("u",), 3: ("r", "u")}
_TOO_LONG = 10  # numbers of two digits need commas between indices


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of a level.

    Attributes
    ----------
    pieces : tuple of Piece
        The product that it belongs to, of variables of its level; none of a constant.
    number : int
        Among those of one coefficient below: 0 is the constant's.
    random : bool
        Whether it varies between the groups of the level above beyond what variables explain.
    above : tuple of Coefficient
        Of the level above, whose sum it is.
    """

    pieces: tuple[Piece, ...]
    number: int
    random: bool
    above: tuple[Coefficient, ...] = ()


Path = tuple[Coefficient, ...]
"""A coefficient, and before it those of lower levels that it belongs to."""


@dataclass(frozen=True, slots=True)
class Tree:
    """All coefficients of a model by levels.

    Attributes
    ----------
    top : tuple of Coefficient
        Of level 1.
    hierarchy : Hierarchy
    random : mapping of (str, str) to Path
        The coefficients that vary randomly, by grouping factor and name of the effect.
    """

    top: tuple[Coefficient, ...]
    hierarchy: Hierarchy
    random: Mapping[tuple[str, str], Path] = field(default_factory=dict)

    @property
    def levels(self) -> int:
        return len(self.hierarchy.factors) + 1

    def at(self, level: int) -> list[Path]:
        """The coefficients of a level, with what they belong to."""
        paths: list[Path] = [(one,) for one in self.top]
        for _ in range(level - 1):
            paths = [(*path, one) for path in paths for one in path[-1].above]
        return paths

    @property
    def commas(self) -> bool:
        """Whether indices need commas."""
        every = [one.number for level in range(1, self.levels + 1) for (*_, one) in self.at(level)]
        return max(every, default=0) >= _TOO_LONG

    def symbol(self, path: Path) -> str:
        """A coefficient with its indices."""
        level = len(path)
        letter = _LETTERS[self.levels][level - 1]
        return f"{letter}{self.letters(path)}_{{{self.index(path)}}}"

    def effect(self, path: Path) -> str:
        """The random part of a coefficient."""
        letter = _EFFECTS[self.levels][len(path) - 1]
        return f"{letter}{self.letters(path)}_{{{self.index(path)}}}"

    def letter_of_effects(self, level: int) -> str:
        """The letter of random effects of groups of a level, 2 or 3."""
        return _EFFECTS[self.levels][level - 2]

    def index(self, path: Path) -> str:
        """Numbers, and the index of the group of the level above."""
        group = self.hierarchy.indices[len(path)] if len(path) < self.levels else ""
        return joined_numbers([one.number for one in path], group, self.commas)

    def letters(self, path: Path) -> str:
        return letters_of([piece for one in path for piece in one.pieces])

    def term(self, path: Path, writer: Writer) -> str:
        """A coefficient times its variables, as it stands in an equation."""
        own = path[-1].pieces
        product = Column(own).written(self.hierarchy.indices[len(path) - 1], writer)
        return summed(own) + self.symbol(path) + (rf" \, {product}" if product else "")


def joined_numbers(numbers: Sequence[int], group: str, commas: bool) -> str:
    """An index of numbers and letters.

    >>> joined_numbers([1, 0], "j", False), joined_numbers([10], "j", True)
    ('10j', '10,j')
    """
    parts = [*map(str, numbers), *([group] if group else [])]
    return (",".join if commas else "".join)(parts)


class _Node:
    """A coefficient while the tree is being made."""

    def __init__(self) -> None:
        self.above: dict[tuple[Piece, ...], _Node] = {}
        self.random = False

    def child(self, pieces: tuple[Piece, ...]) -> _Node:
        return self.above.setdefault(pieces, _Node())


def tree_of(parts: Parts) -> Tree | None:
    """The coefficients by levels; None for models that are not of this kind.

    A random effect of a variable that does not vary within the groups has no place in it.
    """
    hierarchy = parts.hierarchy
    if not hierarchy.factors:
        return None
    levels = len(hierarchy.factors) + 1
    root = _Node()
    root.child(())
    for column in parts.fixed:
        node = root
        for level in range(1, levels + 1):
            node = node.child(_of_level(column, level, hierarchy))
    seen: set[tuple[str, str]] = set()
    paths: dict[tuple[str, str], tuple[tuple[Piece, ...], ...]] = {}
    for term in parts.random:
        if term.category:
            continue
        found = _random(term, parts, root, seen)
        if found is None:
            return None
        paths |= found
    top = _frozen(root, 1, levels)
    return Tree(top, hierarchy, {key: _path(pieces, top) for key, pieces in paths.items()})


def _of_level(column: Column, level: int, hierarchy: Hierarchy) -> tuple[Piece, ...]:
    return tuple(p for p in column.pieces if hierarchy.level(p.text) == level)


def _random(
    term: RandomPart, parts: Parts, root: _Node, seen: set[tuple[str, str]]
) -> dict[tuple[str, str], tuple[tuple[Piece, ...], ...]] | None:
    """Marks the coefficients that a term makes random; their paths by factor and name."""
    hierarchy = parts.hierarchy
    height = hierarchy.factors.index(term.factor) + 2
    paths = {}
    for name, column in zip(term.names, term.columns, strict=True):
        key = (term.factor, name)
        below = all(hierarchy.level(factor) < height for factor in _pieces_of(name))
        if key in seen or not below:
            return None
        seen.add(key)
        path = tuple(_of_level(column, level, hierarchy) for level in range(1, height))
        node = root
        for pieces in path:
            node = node.child(pieces)
        node.random = True
        paths[key] = path
    return paths


def _pieces_of(name: str) -> tuple[str, ...]:
    return () if name == INTERCEPT else factors(name)


def _frozen(node: _Node, depth: int, levels: int) -> tuple[Coefficient, ...]:
    """The coefficients above a node, the constant first, without those that nothing makes."""
    out: list[Coefficient] = []
    for pieces, own in sorted(node.above.items(), key=lambda entry: bool(entry[0])):
        above = _frozen(own, depth + 1, levels)
        if depth == levels or above or own.random:
            number = out[-1].number + 1 if out else int(bool(pieces))
            out.append(Coefficient(pieces, number, own.random, above))
    return tuple(out)


def _path(path: tuple[tuple[Piece, ...], ...], top: tuple[Coefficient, ...]) -> Path:
    out: list[Coefficient] = []
    for pieces in path:
        out.append(next(one for one in top if one.pieces == pieces))
        top = out[-1].above
    return tuple(out)
