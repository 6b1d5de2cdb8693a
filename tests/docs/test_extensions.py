"""What the site makes of the pages: pictures, outputs, columns, links, mathematics."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("sphinx", reason="needs Sphinx: pip install 'ranef[docs]'")
DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))

import columns  # noqa: E402
import examples  # noqa: E402
import mathml  # noqa: E402
import repository_links  # noqa: E402
from docutils import nodes  # noqa: E402


def app(folder: Path) -> Any:
    path = str(folder / "docs" / "sub" / "page.md")
    return SimpleNamespace(srcdir=folder / "docs", env=SimpleNamespace(doc2path=lambda name: path))


@pytest.fixture
def site(tmp_path: Path) -> Any:
    (tmp_path / "docs" / "sub").mkdir(parents=True)
    return app(tmp_path)


DRAWN = """# A page

```python
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([1, 2], [3, 4])
print("drawn")
```

```text
drawn
```

<!-- picture: A line that
rises. -->

The end.
"""


def test_a_picture_is_drawn_for_day_and_night(site: Any) -> None:
    content = [DRAWN]
    examples.show(site, "sub/page", content)
    (text,) = content
    for kind in ("light", "dark"):
        assert f"{{image}} /_pictures/sub-page-1-{kind}.svg" in text
        assert f":class: picture only-{kind}" in text
    assert text.count(":alt: A line that rises.") == 2
    assert "{code-block} text\n:class: output\n\ndrawn" in text
    assert text.index("drawn\n```\n") < text.index("{image}") < text.index("The end.")
    light, dark = (
        (site.srcdir / "_pictures" / f"sub-page-1-{kind}.svg").read_text()
        for kind in ("light", "dark")
    )
    assert "#ffffff" in light
    assert "#14181e" in dark


def test_pictures_have_the_same_bytes_each_time(site: Any) -> None:
    file = site.srcdir / "_pictures" / "sub-page-1-light.svg"
    examples.show(site, "sub/page", [DRAWN])
    first = file.read_bytes()
    examples.show(site, "sub/page", [DRAWN])
    assert file.read_bytes() == first


def test_html_stands_for_the_output(site: Any) -> None:
    code = (
        "class Shown:\n    def __str__(self):\n        return 'as text'\n\n"
        "    def _repr_html_(self):\n        return '<b>as HTML</b>'\n\n\nx = Shown()\nprint(x)"
    )
    content = [f"```python\n{code}\n```\n\n<!-- html: x -->\n\n```text\nas text\n```\n"]
    examples.show(site, "sub/page", content)
    assert "<b>as HTML</b>" in content[0]
    assert "```text" not in content[0]


def test_a_wrong_output_is_a_warning(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    warned: list[str] = []
    watch = pytest.MonkeyPatch()
    watch.setattr(examples.LOG, "warning", lambda text, *a, **k: warned.append(text % a))
    examples.show(site, "sub/page", ["```python\nprint(1)\n```\n\n```text\n2\n```\n"])
    examples.show(site, "sub/page", ["```python\nnothing\n```\n"])
    watch.undo()
    assert "prints:\n1" in warned[0]
    assert "NameError" in warned[1]


def test_two_programs_stand_side_by_side() -> None:
    left = "```r\nlmer()\n```\n\n```text\n1\n```"
    content = [f"<!-- side by side -->\n\n{left}\n\n```python\nlmm()\n```\n\nend"]
    columns.set_side_by_side(None, "page", content)
    (text,) = content
    assert text.count(":::{grid-item}") == 2
    assert text.index("lmer()") < text.index("lmm()") < text.index("::::\n\nend")


def test_links_out_of_docs_lead_to_pages_or_the_repository(site: Any) -> None:
    content = ["[a](../../CHANGELOG.md#x) [b](../../studies/causes.py) [c](../other.md)"]
    repository_links.rewrite(site, "sub/page", content)
    assert content == [
        "[a](/project/changelog.md#x) "
        "[b](https://github.com/ranef/ranef/blob/main/studies/causes.py) [c](../other.md)"
    ]


def test_mathematics_is_mathml() -> None:
    text = mathml.converted(nodes.math("", r"X'V^{-1}X, |D|"), as_block=False)
    assert text.startswith("<math")
    assert "′" in text
    assert "'" not in text
