"""Text in LaTeX: what pdfLaTeX can print of it, and which characters it cannot."""

from __future__ import annotations

import unicodedata

__all__ = ["engine_comment", "escape_latex"]

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    "`": r"\textasciigrave{}",
    '"': "''",
    "\N{NO-BREAK SPACE}": "~",
}

_MATHEMATICS = {
    "\N{MINUS SIGN}": "-",
    "\N{MULTIPLICATION SIGN}": r"\times",
    "\N{LESS-THAN OR EQUAL TO}": r"\leq",
    "\N{GREATER-THAN OR EQUAL TO}": r"\geq",
    "\N{NOT EQUAL TO}": r"\neq",
    "\N{ALMOST EQUAL TO}": r"\approx",
    "\N{INFINITY}": r"\infty",
    "\N{N-ARY SUMMATION}": r"\sum",
    "\N{SQUARE ROOT}": r"\surd",
    "\N{INCREMENT}": r"\Delta",
    "\N{RIGHTWARDS ARROW}": r"\rightarrow",
    "\N{LEFTWARDS ARROW}": r"\leftarrow",
    "\N{MICRO SIGN}": r"\mu",
}

_GREEK = {
    "\N{GREEK SMALL LETTER FINAL SIGMA}": r"\varsigma",
    "\N{GREEK SMALL LETTER LAMDA}": r"\lambda",
    "\N{GREEK CAPITAL LETTER LAMDA}": r"\Lambda",
    "\N{GREEK SMALL LETTER OMICRON}": "o",
}
_LATIN_CAPITALS = {
    **{"Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I"},
    **{"Kappa": "K", "Mu": "M", "Nu": "N", "Omicron": "O", "Rho": "P", "Tau": "T", "Chi": "X"},
}

_ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING CEDILLA}": "c",
    "\N{COMBINING DOT BELOW}": "d",
}

_OTHERS = frozenset("–—‘’‚“”„…•†‡‰‹›€™ı")
"""Beside the Latin letters, what pdfLaTeX prints as it is."""
_NEED_T1 = frozenset("«»ÐÞðþĄąĐđĘęĮįŊŋŲų„‚‹›")
"""Of these, what the default encoding OT1 lacks."""
_LACKING = frozenset("ĦħĸĿŀŉŦŧſ")
"""Latin letters that it does not print in either."""


def escape_latex(text: str) -> str:
    r"""`text` as pdfLaTeX prints it; characters that it cannot print stay as they are.

    >>> escape_latex("x_1 & 5%"), escape_latex("\u03b2 \u2264 2")
    ('x\\_1 \\& 5\\%', '\\ensuremath{\\beta} \\ensuremath{\\leq} 2')
    """
    plain = unicodedata.normalize("NFC", " ".join(text.split("\n")))
    out = "".join(map(_escape, plain))
    return out.replace("--", "-{}-")


def engine_comment(text: str) -> str:
    """A comment for what pdfLaTeX lacks, empty if it prints everything in `text`.

    >>> engine_comment("plain"), engine_comment("\u5b66")
    ('', '% pdfLaTeX cannot print \u5b66: compile with LuaLaTeX or XeLaTeX and a font that has it')
    """
    plain = unicodedata.normalize("NFC", text)
    unknown = "".join(dict.fromkeys(c for c in plain if _escape(c) == c and not _prints(c)))
    if unknown:
        it = "it" if len(unknown) == 1 else "them"
        return (
            f"% pdfLaTeX cannot print {unknown}: compile with LuaLaTeX or XeLaTeX and a font that "
            f"has {it}"
        )
    if _NEED_T1.intersection(plain):
        return r"% needs \usepackage[T1]{fontenc}"
    return ""


def _prints(c: str) -> bool:
    latin = c.isascii() or "\u00a1" <= c <= "\u017f" or c in "ȘșȚț" or c in _OTHERS
    return latin and c not in _LACKING


def _escape(c: str) -> str:
    if c in _ESCAPES:
        return _ESCAPES[c]
    if c.isascii():
        return c if c.isprintable() else ""
    if c in _MATHEMATICS:
        return rf"\ensuremath{{{_MATHEMATICS[c]}}}"
    name = unicodedata.name(c, "")
    if name.startswith("GREEK") and (letter := _greek(c, name)):
        return letter
    if name.startswith(("SUPERSCRIPT", "SUBSCRIPT")):
        script = "textsuperscript" if name.startswith("SUPER") else "textsubscript"
        return rf"\{script}{{{escape_latex(unicodedata.normalize('NFKC', c))}}}"
    return c if _prints(c) else _accented(c)


def _greek(c: str, name: str) -> str:
    if c in _GREEK:
        return rf"\ensuremath{{{_GREEK[c]}}}"
    case, _, letter = name.removeprefix("GREEK ").partition(" LETTER ")
    if case not in ("SMALL", "CAPITAL") or not letter.isalpha():
        return ""  # with an accent: an encoding of Greek is needed
    word = letter.lower() if case == "SMALL" else letter.capitalize()
    if word in _LATIN_CAPITALS:
        return _LATIN_CAPITALS[word]
    if case == "CAPITAL" and word == "Upsilon":
        return r"\ensuremath{\Upsilon}"
    return rf"\ensuremath{{\{word}}}"


def _accented(c: str) -> str:
    """A letter made of its parts, or the letter itself if LaTeX has no accent for it."""
    parts = unicodedata.normalize("NFD", c)
    base, marks = parts[0], parts[1:]
    if not marks or not base.isascii() or any(mark not in _ACCENTS for mark in marks):
        return c
    out = _ESCAPES.get(base, base)
    for mark in marks:
        out = rf"\{_ACCENTS[mark]}{{{out}}}"
    return out
