"""Mathematics as MathML, which browsers render themselves, without a script from elsewhere."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

LOG = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(converted(node, as_block=False))
    raise nodes.SkipNode


def block(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="equation">{converted(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def converted(node: nodes.Element, *, as_block: bool) -> str:
    # Docutils leaves an apostrophe as it is, where TeX has a prime.
    text = re.sub("'+", lambda found: "^{" + len(found[0]) * r"\prime" + "}", node.astext())
    try:
        found = tex2mathml(text, as_block=as_block)
    except MathError as error:
        LOG.warning("mathematics that cannot be shown: %s\n%s", error, text, location=node)
        return f"<code>{escape(text)}</code>"
    # Determinants stand between bars, which are no operators with space around them.
    return re.sub("<mo[^>]*>[|]</mo>", '<mo lspace="0" rspace="0">|</mo>', found)
