"""Draw docs/house.svg: the layers of the Python package and the floors of the compiled core.

    python tools/draw_house.py            draw it anew
    python tools/draw_house.py --check    fail if it is not what the files say

Layers come from import-linter's contract in pyproject.toml, floors and their arrows from the
includes of `cpp/`, sizes from the files.
"""

from __future__ import annotations

import re
import sys
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "house.svg"
CPP = ROOT / "cpp"
ROW, BOX, GAP, LEFT, RIGHT = 30, 24, 250, 20, 470

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933; }
  .note { font-size: 11px; fill: #616e7c; }
  rect { fill: #f5f7fa; stroke: #9aa5b1; }
  path { fill: none; stroke: #2f6f9f; stroke-opacity: 0.55; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb; } .note { fill: #9aa5b1; }
    rect { fill: #27313c; stroke: #616e7c; } path { stroke: #7fb6dd; }
  }
"""


def layers() -> list[str]:
    """Names of the packages' layers, the top first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = project["tool"]["importlinter"]["contracts"][0]
    return [layer.replace("ranef.", "") for layer in contract["layers"]]


def floors() -> list[str]:
    """Folders of the core, the top first."""
    found = re.search(r"set\(floors ([^)]*)\)", (ROOT / "CMakeLists.txt").read_text())
    assert found is not None
    return ["binding", *reversed(found[1].split())]


def arrows(order: list[str]) -> list[tuple[int, int]]:
    """Pairs of floors of which the first includes files of the second."""
    found = set()
    for file in CPP.glob("*/*.?pp"):
        if file.parent.name not in order:
            continue
        for name in re.findall(r'#include "([^"/]+)/', file.read_text()):
            if name in order and name != file.parent.name:
                found.add((order.index(file.parent.name), order.index(name)))
    return sorted(found)


def lines_of(files: list[Path]) -> str:
    """Their lines in hundreds, so that the picture stays while a file grows."""
    count = sum(len(file.read_text().splitlines()) for file in files)
    return f"{round(count, -2):,} lines"


def size_of_layer(layer: str) -> str:
    files: list[Path] = []
    for name in layer.split(" | "):
        path = ROOT / "src" / "ranef" / name
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return lines_of(files)


def box(x: int, y: int, text: str, note: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{GAP}" height="{BOX}" rx="4"/>'
        f'<text x="{x + 10}" y="{y + 17}">{escape(text)}</text>'
        f'<text class="note" x="{x + GAP - 10}" y="{y + 17}" text-anchor="end">{note}</text>'
    )


def arc(top: int, bottom: int, x: int) -> str:
    """From a floor down to another, the wider the farther."""
    start, end = top + BOX // 2, bottom + BOX // 2
    reach = x + 14 + (end - start) // 4
    return f'<path d="M{x} {start} C{reach} {start} {reach} {end} {x} {end}"/>'


def picture() -> str:
    names, rooms = layers(), floors()
    height = 50 + ROW * max(len(names), len(rooms))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" role="img"',
        ' aria-label="Layers of the package and floors of the core">',
        f"<style>{STYLE}</style>",
        f'<text x="{LEFT}" y="22">src/ranef: imports lead downward</text>',
        f'<text x="{RIGHT}" y="22">cpp: includes lead downward</text>',
    ]
    for k, name in enumerate(names):
        parts.append(box(LEFT, 34 + ROW * k, name, size_of_layer(name)))
    for k, name in enumerate(rooms):
        files = sorted((CPP / name).glob("*.?pp"))
        parts.append(box(RIGHT, 34 + ROW * k, name, lines_of(files)))
    for a, b in arrows(rooms):
        parts.append(arc(34 + ROW * a, 34 + ROW * b, RIGHT + GAP))
    return "\n".join([*parts, "</svg>", ""])


def structure(text: str) -> str:
    """The picture without the sizes, which move with every line that is written."""
    return re.sub(r"[\d,]+ lines", "", text)


def main() -> None:
    drawn = picture()
    if "--check" in sys.argv[1:]:
        kept = PICTURE.read_text() if PICTURE.exists() else ""
        if structure(kept) != structure(drawn):
            sys.exit("docs/house.svg is not what the files say: python tools/draw_house.py")
        print("docs/house.svg: as the files say")
        return
    PICTURE.write_text(drawn)


if __name__ == "__main__":
    main()
