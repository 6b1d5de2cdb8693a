"""The equations of each level, and the one they combine to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ranef.present.equation.columns import Column, Piece, summed
from ranef.present.equation.families import linked
from ranef.present.equation.lines import CLAUSE, Line
from ranef.present.equation.parts import Parts, RandomPart
from ranef.present.equation.tree import Path, Tree

__all__ = ["combined_line", "left_side", "level_lines", "of_category", "offset_of"]

_MOST_LISTED = 4  # numbers of coefficients that an equation is for


def left_side(parts: Parts, index: str) -> str:
    """The response, or its transformed mean where there is no residual."""
    if parts.distribution is not None:
        return linked(parts.distribution, index)
    y = parts.writer.variable(parts.response, index)
    return y if parts.linear else rf"g(\mathrm{{E}}[{y}])"


def offset_of(parts: Parts, index: str) -> list[str]:
    """The known part of the linear predictor of a generalised model."""
    own = parts.distribution
    return [rf"\text{{offset}}_{{{index}}}"] if own is not None and own.offset else []


def of_category(part: RandomPart, letter: str, row: str, group: str, parts: Parts) -> str:
    """The effect of a row's own category, if each category has one."""
    return rf"{letter}_{{{parts.writer.group(part.category)}[{row}],\, {group}}}"


def level_lines(parts: Parts, tree: Tree) -> list[Line]:
    """One line for the rows, and one for each coefficient that varies between groups."""
    index = tree.hierarchy.indices[0]
    writer = parts.writer
    terms = [tree.term(path, writer) for path in tree.at(1)]
    terms += _categories(parts, tree)
    terms += offset_of(parts, index)
    terms += [rf"e_{{{index}}}"] if parts.linear else []
    lines = [Line(left_side(parts, index), "=", tuple(terms), heading="Level 1")]
    for level in range(2, tree.levels + 1):
        group = tree.hierarchy.factors[level - 2]
        of = writer.words.group(group)
        lines += _headed(_of_level(tree, level, parts), f"Level {level}", of)
    return lines


def _headed(lines: Sequence[Line], heading: str, of: str) -> list[Line]:
    first, *others = lines
    return [Line(first.left, first.relation, first.terms, first.joint, heading, of), *others]


def _of_level(tree: Tree, level: int, parts: Parts) -> list[Line]:
    """What the coefficients of the level below are made of."""
    lines, plain = [], []
    for path in tree.at(level - 1):
        one = path[-1]
        if not one.random and [c.pieces for c in one.above] == [()] and not tree.letters(path):
            plain.append(path)
            continue
        terms = [tree.term((*path, above), parts.writer) for above in one.above]
        terms += [tree.effect(path)] if one.random else []
        lines.append(Line(tree.symbol(path), "=", tuple(terms)))
    return lines + _plain(plain, tree)


def _plain(paths: Sequence[Path], tree: Tree) -> list[Line]:
    """Coefficients that are the same in all groups: one line for all of them."""
    if len(paths) < 2:
        return [
            Line(tree.symbol(path), "=", (tree.symbol((*path, path[-1].above[0])),))
            for path in paths
        ]
    depth = len(paths[0])
    letters = ["p", "q"][:depth]
    group = tree.hierarchy.indices[depth]
    here, above = tree.symbol(paths[0]), tree.symbol((*paths[0], paths[0][-1].above[0]))
    left = f"{here.partition('_')[0]}_{{{_joined(letters, group, tree)}}}"
    last = "" if depth + 1 == tree.levels else tree.hierarchy.indices[depth + 1]
    right = f"{above.partition('_')[0]}_{{{_joined([*letters, '0'], last, tree)}}}"
    if depth == 1:
        numbers = [path[0].number for path in paths]
        which = f"p = {_listed(numbers)}"
    else:
        pairs = ", ".join(f"({', '.join(str(one.number) for one in path)})" for path in paths)
        which = f"(p, q) = {pairs}"
    return [Line(left, "=", (right, which), CLAUSE)]


def _joined(letters: Sequence[str], group: str, tree: Tree) -> str:
    parts = [*letters, *([group] if group else [])]
    return (",".join if tree.commas else "".join)(parts)


def _listed(numbers: Sequence[int]) -> str:
    """``2, 3``, or ``1, \\dots, 17`` for many in a row."""
    in_a_row = numbers[-1] - numbers[0] == len(numbers) - 1
    if len(numbers) > _MOST_LISTED and in_a_row:
        return rf"{numbers[0]}, \dots, {numbers[-1]}"
    return ", ".join(map(str, numbers))


def _categories(parts: Parts, tree: Tree) -> list[str]:
    """Effects of the category of a row."""
    indices = tree.hierarchy.indices
    out = []
    for term in parts.random:
        if term.category:
            level = tree.hierarchy.factors.index(term.factor) + 2
            letter = tree.letter_of_effects(level)
            out.append(of_category(term, letter, indices[0], indices[level - 1], parts))
    return out


def combined_line(parts: Parts, tree: Tree) -> Line:
    """All levels in one equation."""
    index = tree.hierarchy.indices[0]
    fixed = [_product(tree.symbol(path), path, parts, tree) for path in tree.at(tree.levels)]
    random = [
        _product(tree.effect(path), path, parts, tree)
        for level in range(1, tree.levels)
        for path in tree.at(level)
        if path[-1].random
    ]
    random += _categories(parts, tree)
    error = [rf"e_{{{index}}}"] if parts.linear else []
    terms = (*fixed, *random, *offset_of(parts, index), *error)
    return Line(left_side(parts, index), "=", terms, heading="Mixed")


def _product(symbol: str, path: Path, parts: Parts, tree: Tree) -> str:
    """A coefficient times the variables of all of its levels, those of the highest one first."""
    indices = tree.hierarchy.indices
    own: Iterable[tuple[tuple[Piece, ...], str]] = zip(
        [one.pieces for one in path], indices, strict=False
    )
    products = [Column(pieces).written(index, parts.writer) for pieces, index in own]
    pieces = [piece for one in path for piece in one.pieces]
    return summed(pieces) + r" \, ".join([symbol, *filter(None, reversed(products))])
