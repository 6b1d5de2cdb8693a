"""Check what stands in dist/: contents of the wheel and of the sdist, and the wheel in use.

    python tools/check_dist.py [FOLDER]

The wheel is installed into a new environment where no compiler can be found, and used there
(`tools/use_installed.py`).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What git has and the sdist does not: settings of the machines that build and check.
LEFT_OUT = (".ci/", ".github/", ".readthedocs.yaml")
NEEDED = (
    "ranef/__init__.py",
    "ranef/py.typed",
    "ranef/_core.pyi",
    "ranef/datasets/catalogue.json",
    "ranef/datasets/data/hsb.parquet",
)


def main(folder: Path) -> int:
    wheels, sdists = sorted(folder.glob("ranef-*.whl")), sorted(folder.glob("ranef-*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        print(
            f"{folder} holds {len(wheels)} wheels and {len(sdists)} sdists; one of each is checked"
        )
        return 1
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    with zipfile.ZipFile(wheels[0]) as wheel:
        wrong = list(wrong_in_wheel(wheel.namelist()))
    with tarfile.open(sdists[0]) as sdist:
        names = [name.partition("/")[2] for name in sdist.getnames()]
    wrong += wrong_in_sdist(names, tracked)
    print("\n".join(wrong) or f"{wheels[0].name}, {sdists[0].name}: contents as they should be")
    if wrong:
        return 1
    use(wheels[0])
    return 0


def wrong_in_wheel(names: Iterable[str]) -> Iterator[str]:
    """What a wheel lacks, and what it should not hold."""
    there = set(names)
    yield from (f"wheel lacks {name}" for name in NEEDED if name not in there)
    if not any(
        name.startswith("ranef/_core.") and name.endswith((".so", ".pyd")) for name in there
    ):
        yield "wheel lacks the compiled core"
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in there):
        yield "wheel lacks the licence"
    for name in sorted(there):
        top = name.partition("/")[0]
        strange = top != "ranef" and not top.endswith((".dist-info", ".libs"))
        if strange or name.endswith((".cpp", ".hpp", ".pyc", ".orig")):
            yield f"wheel should not hold {name}"


def wrong_in_sdist(names: Iterable[str], tracked: Iterable[str]) -> list[str]:
    """Files of the repository that an sdist lacks."""
    there = set(names)
    wanted = [name for name in tracked if not name.startswith(LEFT_OUT)]
    return [f"sdist lacks {name}" for name in wanted if name not in there]


def use(wheel: Path) -> None:
    """Install the wheel where no compiler is found, and use it."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs = Path(folder) / ("Scripts" if os.name == "nt" else "bin")
        python = programs / "python"
        none = str(Path(folder) / "no-compiler")
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        env |= {"PATH": str(programs), "CC": none, "CXX": none, "PIP_ONLY_BINARY": ":all:"}
        pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
        lock = ROOT / "requirements-dev.lock"
        subprocess.run([*pip, "-c", lock, wheel], env=env, check=True, cwd=folder)
        # `all`: the extras exist, and their libraries come as wheels.
        subprocess.run([*pip, "-c", lock, f"{wheel}[all]"], env=env, check=True, cwd=folder)
        script = ROOT / "tools" / "use_installed.py"
        subprocess.run([python, "-I", script], env=env, check=True, cwd=folder)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
