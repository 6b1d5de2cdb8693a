"""Count the instructions of the core's kernels and compare them with the recorded ones.

    python tools/count_instructions.py            compare; fails where one has grown by over 2%
    python tools/count_instructions.py --write    record today's counts

Instructions repeat from run to run, times do not. They belong to one compiler: with another one, or
without valgrind, nothing is compared and a line says so.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "cpp" / "counts" / "instructions.json"
GROWTH = 0.02


def compiler(build: Path) -> str:
    """Name, version and machine, as recorded by CMake in the build folder."""
    text = "\n".join(p.read_text() for p in build.glob("CMakeFiles/*/CMakeCXXCompiler.cmake"))
    found = {
        key: re.search(rf'set\(CMAKE_CXX_COMPILER_{key} "([^"]*)"\)', text)
        for key in ("ID", "VERSION")
    }
    name = " ".join(m.group(1) if m else "unknown" for m in found.values())
    return f"{name}, {platform.machine()}"


def count(program: Path) -> dict[str, int]:
    """Instructions by "layout kernel"."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [
                "valgrind",
                "--tool=callgrind",
                "--toggle-collect=ranef_counted",
                "--dump-after=ranef_counted",
                f"--callgrind-out-file={folder}/part",
                str(program),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode != 0:
            sys.exit(f"{program.name} failed under valgrind:\n{run.stderr}")
        counts = {}
        for number, name in enumerate(run.stdout.splitlines(), start=1):
            part = Path(folder, f"part.{number}").read_text()
            total = re.search(r"^(?:summary|totals): (\d+)", part, flags=re.MULTILINE)
            if total is None:
                sys.exit(f"valgrind counted nothing for {name}")
            counts[name] = int(total.group(1))
        return counts


def compare(now: dict[str, int], recorded: dict[str, int]) -> list[str]:
    """A line for each kernel that has grown, or that is not recorded."""
    out = []
    for name, value in now.items():
        old = recorded.get(name)
        if old is None:
            out.append(f"{name}: {value:,} instructions, not recorded yet")
        elif value > old * (1.0 + GROWTH):
            out.append(f"{name}: {value:,} instructions, {value / old - 1.0:+.1%} on {old:,}")
    return out + [f"{name}: recorded but not counted" for name in recorded if name not in now]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="record today's counts")
    write = parser.parse_args().write
    programs = sorted(ROOT.glob("build/editable*/kernels"))
    if not programs:
        print("Instructions: no build to count; `make check` makes one", file=sys.stderr)
        return 1
    if shutil.which("valgrind") is None:
        print("Instructions: not counted, for want of valgrind (apt-get install valgrind)")
        return 0
    here = compiler(programs[0].parent)
    if write:
        counts = count(programs[0])
        RECORD.write_text(json.dumps({"compiler": here, "counts": counts}, indent=1) + "\n")
        print(f"Instructions: {len(counts)} kernels recorded for {here}")
        return 0
    record = json.loads(RECORD.read_text())
    if record["compiler"] != here:
        print(f"Instructions: not compared, recorded with {record['compiler']}; this is {here}")
        return 0
    counts = count(programs[0])
    grown = compare(counts, record["counts"])
    if grown:
        print("\n".join(grown), file=sys.stderr)
        print(
            "Instructions: find out why, or record the new counts with "
            "tools/count_instructions.py --write and say why in the commit",
            file=sys.stderr,
        )
        return 1
    least = min(counts[k] / record["counts"][k] for k in counts)
    print(f"Instructions: {len(counts)} kernels, none has grown (the best is {least - 1.0:+.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
