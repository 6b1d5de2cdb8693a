"""lme4 from Debian's packages, where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess

__all__ = ["install_lme4", "missing_lme4"]

PACKAGES = (
    "r-base-core", "r-cran-lme4", "r-cran-lmertest", "r-cran-pbkrtest", "r-cran-jsonlite",
    "libopenblas0",
)  # fmt: skip
NEEDED = ("lme4", "lmerTest", "pbkrtest", "jsonlite")


def missing_lme4() -> str:
    """Why lme4 cannot be used; empty if it can."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return "R is not installed"
    names = ", ".join(f"'{name}'" for name in NEEDED)
    probe = f"quit(status = !all(sapply(c({names}), requireNamespace, quietly = TRUE)))"
    run = subprocess.run([rscript, "-e", probe], capture_output=True, check=False)
    return "" if run.returncode == 0 else f"R has not all of {names}"


def install_lme4() -> str:
    """Install lme4 where it is missing and apt-get may be used; why it still is not there."""
    reason = missing_lme4()
    if not reason:
        return ""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"{reason}, and only root can install Debian's {', '.join(PACKAGES)}"
    print(f"installing {', '.join(PACKAGES)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        run = subprocess.run(
            ["apt-get", "-qq", *arguments], capture_output=True, env=quiet, check=False
        )
        if run.returncode != 0:
            return f"{reason}, and apt-get {arguments[0]} failed"
    return missing_lme4()
