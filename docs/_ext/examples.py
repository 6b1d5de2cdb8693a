"""Pages that run while the site is built: a wrong output is a warning, pictures are kept.

The blocks of a page run in order (`tools/pages.py`). A block that leaves figures open runs once
more with the colours of the dark page, so that each picture is there in two versions, of which the
theme shows one. Comments of a page, invisible elsewhere, say more:

=============================  ================================================================
``<!-- picture: words -->``    below a block: what its picture shows, for readers who cannot see it
``<!-- html: expression -->``  between a block and its output: the site shows the HTML form of this
                               object in place of the text
=============================  ================================================================
"""

from __future__ import annotations

import re
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging
from tools.pages import Run, execute, run, settings

LOG = logging.getLogger(__name__)
SPOKEN = re.compile(r"\s*<!-- picture: (.+?) -->", flags=re.DOTALL)
#: A page of the theme, by day and by night; the same drawing gives the same bytes.
ALWAYS = {"svg.hashsalt": "ranef"}
STYLES = {
    "light": {**ALWAYS, "figure.facecolor": "#ffffff", "axes.facecolor": "#ffffff"},
    "dark": {**ALWAYS, "figure.facecolor": "#14181e", "axes.facecolor": "#14181e"},
}
#: A larger drawing (of many points) is kept as pixels.
LARGEST_SVG = 200_000


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def show(app: Sphinx, docname: str, content: list[str]) -> None:
    """Run the blocks of a page, and put what they give into its text."""
    page = Path(app.env.doc2path(docname))
    text = content[0]
    if page.suffix != ".md" or "```python" not in text:
        return
    pieces, end = [], 0
    pictures = Pictures(Path(app.srcdir) / "_pictures", docname.replace("/", "-"))
    with (
        tempfile.TemporaryDirectory() as folder,
        settings(Path(folder)),
        style("light"),
        warnings.catch_warnings(action="ignore"),
    ):
        try:
            for block in run(page, text):
                example = block.example
                if block.difference:
                    LOG.warning(block.difference, location=(docname, example.line))
                pieces.append(text[end : example.code_end])
                pieces.append(output(block))
                end = example.span[1]
                spoken = SPOKEN.match(text, end)
                if spoken:
                    end = spoken.end()
                words = " ".join(spoken[1].split()) if spoken else None
                pieces.extend(pictures.of(block, page, words))
        except Exception:
            LOG.warning("a block fails:\n%s", traceback.format_exc(), location=docname)
    content[0] = "".join(pieces) + text[end:]


def output(block: Run) -> str:
    """What stands below a block: the text that it prints, or the HTML form of an object."""
    example = block.example
    if example.html:
        shown = eval(example.html, block.names)._repr_html_()
        inside = re.sub(r"\n\s*\n", "\n", shown)
        return f'\n\n```{{raw}} html\n<div class="output-html">\n{inside}\n</div>\n```\n'
    if example.output is None:
        return ""
    return f"\n\n```{{code-block}} text\n:class: output\n\n{example.output}```\n"


@contextmanager
def style(name: str) -> Iterator[None]:
    import matplotlib.pyplot as plt

    with plt.style.context(["dark_background" if name == "dark" else "default", STYLES[name]]):
        yield
    plt.close("all")


class Pictures:
    """Files of the pictures that one page draws."""

    def __init__(self, folder: Path, page: str) -> None:
        self.folder, self.page, self.count = folder, page, 0
        folder.mkdir(exist_ok=True)

    def of(self, block: Run, page: Path, words: str | None) -> Iterator[str]:
        """The Markdown of the figures that a block has left open."""
        import matplotlib.pyplot as plt

        if not plt.get_fignums():
            return
        names, spoken, light = [], [], []
        for number in plt.get_fignums():
            self.count += 1
            names.append(f"{self.page}-{self.count}")
            spoken.append(words or described(plt.figure(number)))
            light.append(self.save(plt.figure(number), f"{names[-1]}-light"))
        plt.close("all")
        with style("dark"):
            execute(block.example, page, block.before)
            dark = [
                self.save(plt.figure(number), f"{name}-dark")
                for name, number in zip(names, plt.get_fignums(), strict=True)
            ]
        for alt, *files in zip(spoken, light, dark, strict=True):
            for kind, file in zip(("only-light", "only-dark"), files, strict=True):
                options = f":class: picture {kind}\n:alt: {alt}"
                yield f"\n\n```{{image}} /_pictures/{file}\n{options}\n```\n"

    def save(self, figure: Any, stem: str) -> str:
        for old in self.folder.glob(f"{stem}.*"):
            old.unlink()
        drawn = StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None}, bbox_inches="tight")
        if len(drawn.getvalue()) <= LARGEST_SVG:
            path = self.folder / f"{stem}.svg"
            path.write_text(drawn.getvalue(), encoding="utf-8")
        else:
            path = self.folder / f"{stem}.png"
            figure.savefig(path, dpi=160, metadata={"Software": None}, bbox_inches="tight")
        return path.name


def described(figure: Any) -> str:
    """Titles and axes of a figure in words, for those who cannot see it."""
    parts = [figure.get_suptitle()]
    for axes in figure.axes:
        against = " against ".join(t for t in (axes.get_ylabel(), axes.get_xlabel()) if t)
        parts.append(": ".join(t for t in (axes.get_title(), against) if t))
    return " ".join("; ".join(part for part in parts if part).split()) or "Picture"
