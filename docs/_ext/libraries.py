"""Types of other libraries link to their documentation, and nothing is fetched for it.

Sphinx reads the addresses of a library's objects from an inventory at its site. The few that ranef
names are written here, so that the site is built without a network.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

OBJECTS = {
    "https://pandas.pydata.org/docs/": {
        "pandas.DataFrame": "reference/api/pandas.DataFrame.html",
        "pandas.Series": "reference/api/pandas.Series.html",
    },
    "https://numpy.org/doc/stable/": {
        "numpy.ndarray": "reference/generated/numpy.ndarray.html",
    },
    "https://matplotlib.org/stable/": {
        "matplotlib.axes.Axes": "api/_as_gen/matplotlib.axes.Axes.html",
        "matplotlib.figure.Figure": "api/_as_gen/matplotlib.figure.Figure.html",
    },
}


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", write, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Sphinx, config: Config) -> None:
    """An inventory for each library, in Sphinx's second format."""
    folder = Path(app.doctreedir) / "inventories"
    folder.mkdir(parents=True, exist_ok=True)
    for site, objects in OBJECTS.items():
        library = next(iter(objects)).partition(".")[0]
        lines = "".join(f"{name} py:class 1 {path} -\n" for name, path in objects.items())
        head = (
            "# Sphinx inventory version 2\n"
            f"# Project: {library}\n"
            "# Version: \n"
            "# The remainder of this file is compressed using zlib.\n"
        )
        file = folder / f"{library}.inv"
        file.write_bytes(head.encode() + zlib.compress(lines.encode()))
        config.intersphinx_mapping[library] = (site, str(file))
