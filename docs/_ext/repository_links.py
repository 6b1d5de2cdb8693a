"""Links from pages to files beside docs/ work on the site too.

On GitHub `../CHANGELOG.md` is a file. Here three files are pages of the site; a link to any other
file leads to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

REPOSITORY = "https://github.com/ranef/ranef/blob/main/"
PAGES = {
    "README.md": "/start/install.md",
    "CHANGELOG.md": "/project/changelog.md",
    "CONTRIBUTING.md": "/project/contributing.md",
}
OUTWARD = re.compile(r"\]\((?P<path>(?:\.\./)+[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")


def setup(app: Sphinx) -> dict[str, Any]:
    # Before the pages run, so that the text of outputs stays as it is.
    app.connect("source-read", rewrite, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def rewrite(app: Sphinx, docname: str, content: list[str]) -> None:
    here = Path(app.env.doc2path(docname)).parent
    root = Path(app.srcdir).parent

    def target(match: re.Match[str]) -> str:
        path, anchor = match["path"], match["anchor"] or ""
        file = (here / path).resolve()
        if file.is_relative_to(app.srcdir):
            return match[0]
        name = file.relative_to(root).as_posix()
        return f"]({PAGES.get(name, REPOSITORY + name)}{anchor})"

    content[0] = OUTWARD.sub(target, content[0])
