"""How records show themselves at a prompt and in a notebook, for them to inherit."""

from __future__ import annotations

from ranef.page.lines import paragraph

__all__ = ["Call", "Sentence"]


class Sentence:
    """A record that is said in a sentence. ``str()`` is the sentence; a prompt shows it in lines.

    A subclass defines ``__str__``, and as a dataclass has ``repr=False``.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "\n".join(paragraph(str(self), "", "    "))

    def _repr_html_(self) -> str:
        from ranef.page.html import escaped
        from ranef.page.phrases import sentence

        return f"<p>{escaped(sentence(str(self)))}</p>"


class Call:
    """A record that shows itself as the call that makes it, as a family or a prior."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from ranef.page.html import code

        return code(repr(self))
