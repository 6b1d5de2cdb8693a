"""Writes the stored texts anew."""

from __future__ import annotations

from tests.paper import models
from tests.paper.pages import FILE, MARK

METHODS = ("hsb", "within", "cake", "strata", "cbpp", "prior", "lm")
CODE = {
    "lme4": ("hsb", "within", "contrasts", "cbpp"),
    "glmmTMB": ("cs", "strata", "ar1"),
    "nlme": ("ar1", "egsingle"),
    "MixedModels.jl": ("within", "contrasts", "answers"),
    "Stata": ("hsb", "within", "cake", "egsingle", "answers"),
    "SPSS": ("hsb", "within", "cs", "contrasts"),
    "statsmodels": ("hsb", "within", "contrasts"),
}

if __name__ == "__main__":
    texts = {f"methods {name}": str(models.fit(name).methods()) for name in METHODS}
    for program, names in CODE.items():
        texts |= {f"{program} {name}": str(models.fit(name).code(program)) for name in names}
    pages = (f"{MARK}{name}\n{text}\n" for name, text in texts.items())
    FILE.write_text("\n".join(pages), encoding="utf-8")
