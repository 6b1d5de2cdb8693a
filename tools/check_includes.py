"""Check that the C++ core is built floor by floor: no file includes one from a floor above its own.

    python tools/check_includes.py

The floors are the folders of `cpp/`, from the ground up, as CMakeLists.txt lists them; the binding
stands on top. A file in a folder is named there with the folder ("factor/sweeps.hpp"), and the
first header that a .cpp includes stands beside it: the one that declares what it defines.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ON_TOP = ("binding", "tests", "counts")


def floors() -> list[str]:
    """The folders of the core, the ground floor first."""
    text = (ROOT / "CMakeLists.txt").read_text()
    found = re.search(r"set\(floors ([^)]*)\)", text)
    if found is None:
        sys.exit("CMakeLists.txt has no set(floors ...)")
    return found[1].split()


def complaints(order: list[str]) -> list[str]:
    """One line for each include that breaks a rule."""
    out = []
    place = {folder: k for k, folder in enumerate([*order, *ON_TOP])}
    for file in sorted((ROOT / "cpp").glob("*/*.?pp")):
        own = file.parent.name
        if own not in place:
            out.append(f"{own}/: not a floor of CMakeLists.txt")
            continue
        for name in re.findall(r'^#include "([^"]+)"', file.read_text(), flags=re.MULTILINE):
            folder = name.removeprefix("../").split("/")[0] if "/" in name else own
            if folder != own and place.get(folder, len(place)) >= place[own]:
                out.append(f"{own}/{file.name} includes {name}, which is not below it")
        first = re.search(r'^#include "([^"]+)"', file.read_text(), flags=re.MULTILINE)
        if file.suffix == ".cpp" and own in order and (not first or first[1].split("/")[0] != own):
            out.append(f"{own}/{file.name} stands beside no header that declares it")
    return out


def main() -> None:
    order = floors()
    found = complaints(order)
    if found:
        sys.exit("\n".join(found))
    print(f"Includes: {len(order) + 1} floors, no arrow up")


if __name__ == "__main__":
    main()
