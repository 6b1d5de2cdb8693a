"""What a user does first with an installed ranef: a wheel that passes this works.

    python tools/use_installed.py

It needs nothing of the repository, and writes into a temporary folder alone.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import ranef as rn
import ranef._core


def main() -> None:
    installed = Path(rn.__file__).parent
    assert "site-packages" in installed.parts, f"{installed} is not an installed ranef"
    assert ranef._core.version() == rn.__version__

    pupils = rn.center(rn.datasets.load("hsb"), "ses", by="sch.id")
    raw = rn.lmm("math ~ ses * sector + (ses | sch.id)", pupils)
    assert raw.certificate.verdict == "boundary optimum"
    assert raw.certificate.certified
    # The criterion at which lme4 1.1-31 stops; ranef's is not above it.
    assert 46569.1121 < raw.criterion < 46569.1123
    centred = rn.lmm("math ~ ses_within * sector + (ses_within | sch.id)", pupils)
    assert "ses_within:sector" in str(rn.compare(raw, centred))
    counts = rn.glmm("TICKS ~ YEAR + (1 | BROOD)", rn.datasets.load("grouseticks"), "poisson")
    assert counts.certificate.certified
    sleep = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    assert len(sleep.bootstrap(50, seed=1).replicates) == 50  # on several threads

    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "effects.svg"
        centred.plot.effects("ses_within").figure.savefig(picture)
        assert picture.stat().st_size > 5000
        if hasattr(centred, "report"):
            page = Path(folder) / "page.html"
            centred.report(page)
            assert page.stat().st_size > 20000
        pupils.to_csv(Path(folder) / "pupils.csv", index=False)
        command(folder, "fit", "pupils.csv", "math ~ ses + (ses | sch.id)")
        command(folder, "demo")
        command(folder, "fit", "pupils.csv", "math ~ sess + (1 | sch.id)", status=2)
    print(f"ranef {rn.__version__} of {installed}: fits, compares, draws, and its command works")


def command(folder: str, *arguments: str, status: int = 0) -> None:
    """Run the `ranef` that is installed beside this Python."""
    found = [p for p in Path(sys.executable).parent.glob("ranef*") if p.stem == "ranef"]
    done = subprocess.run(
        [found[0], *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"ranef {' '.join(arguments)}\n{done.stderr}"


if __name__ == "__main__":
    main()
