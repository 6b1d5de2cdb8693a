"""A page of HTML taken apart: elements with their attributes, text, and what they lie in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr", "img", "input", "link", "col", "wbr"})


@dataclass(eq=False)
class Element:
    """One element."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, with single blanks."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in ("style", "script"):
                yield from child._texts()

    def all(self, tag: str = "", kind: str = "") -> list[Element]:
        """Elements below it, in order: of a tag, of a class."""
        return [
            one
            for one in self._below()
            if (not tag or one.tag == tag)
            and (not kind or kind in one.attributes.get("class", "").split())
        ]

    def one(self, tag: str = "", kind: str = "") -> Element:
        """The only one."""
        (found,) = self.all(tag, kind)
        return found

    def _below(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._below()

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str:
        """An attribute, empty if it is not there."""
        return self.attributes.get(name, "")


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {})
        self.errors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) > len(set(names)):
            self.errors.append(f"an attribute twice in <{tag}>")
        made = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(made)
        if tag not in VOID:
            self.here = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.here.tag != tag:
            self.errors.append(f"</{tag}> closes <{self.here.tag}>")
        if self.here.parent is not None:
            self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def parsed(text: str) -> Element:
    """The root of a page; every element in it is closed by its own end."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    assert parser.errors == []
    assert parser.here is parser.root, f"<{parser.here.tag}> is not closed"
    return parser.root


def section(page: Element, key: str) -> Element:
    """A section of a report by its address."""
    (found,) = [one for one in page.all("section") if one["id"] == key]
    return found
