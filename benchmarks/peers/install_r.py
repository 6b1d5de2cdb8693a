"""The peers in R from Debian's packages, where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess

__all__ = ["R_PEERS", "install_r", "missing_r"]

R_PEERS = {
    "lme4": ("lme4", "lmerTest", "pbkrtest", "jsonlite"),
    "glmmTMB": ("glmmTMB", "jsonlite"),
}
"""The packages that a peer in R needs."""


def missing_r(peer: str) -> str:
    """Why a peer cannot be used; empty if it can."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return "R is not installed"
    names = ", ".join(f"'{name}'" for name in R_PEERS[peer])
    probe = f"quit(status = !all(sapply(c({names}), requireNamespace, quietly = TRUE)))"
    run = subprocess.run([rscript, "-e", probe], capture_output=True, check=False)
    return "" if run.returncode == 0 else f"R has not all of {names}"


def install_r(peer: str) -> str:
    """Install a peer where it is missing and apt-get may be used; why it still is not there."""
    reason = missing_r(peer)
    if not reason:
        return ""
    packages = ["r-base-core", "libopenblas0"]
    packages += [f"r-cran-{name.lower()}" for name in R_PEERS[peer]]
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"{reason}, and only root can install Debian's {', '.join(packages)}"
    print(f"installing {', '.join(packages)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        run = subprocess.run(
            ["apt-get", "-qq", *arguments], capture_output=True, env=quiet, check=False
        )
        if run.returncode != 0:
            return f"{reason}, and apt-get {arguments[0]} failed"
    return missing_r(peer)
