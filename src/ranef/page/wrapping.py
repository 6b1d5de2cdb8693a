"""Paragraphs in lines of so many cells, whatever characters they hold."""

from __future__ import annotations

import textwrap

from ranef.page.cells import cells, chopped

__all__ = ["wrapped"]


class _Measured(str):
    """Text whose length is what it takes on a terminal."""

    __slots__ = ()

    def __len__(self) -> int:
        return cells(str(self))


class _Wrapper(textwrap.TextWrapper):
    def _split_chunks(self, text: str) -> list[str]:
        return [_Measured(chunk) for chunk in super()._split_chunks(text)]

    def _handle_long_word(
        self, reversed_chunks: list[str], cur_line: list[str], cur_len: int, width: int
    ) -> None:
        """A word that is longer than a line: cut where the line is full, or left as it is."""
        word = str(reversed_chunks[-1])
        room = max(1, width - cur_len)
        if not self.break_long_words:
            if not cur_line:
                cur_line.append(reversed_chunks.pop())
            return
        first, *_ = chopped(word, room)
        if cur_line and cells(first) > room:
            return  # the first character needs two cells, and there is one
        cur_line.append(_Measured(first))
        reversed_chunks[-1] = _Measured(word[len(first) :])
        if not reversed_chunks[-1]:
            reversed_chunks.pop()


def wrapped(
    text: str, width: int, first: str, rest: str, break_long_words: bool, drop_whitespace: bool
) -> list[str]:
    """Lines of at most `width` cells; `first` and `rest` are what they start with."""
    wrapper = _Wrapper(
        width,
        initial_indent=_Measured(first),
        subsequent_indent=_Measured(rest),
        break_long_words=break_long_words,
        break_on_hyphens=False,
        drop_whitespace=drop_whitespace,
    )
    return [str(line) for line in wrapper.wrap(text)]
