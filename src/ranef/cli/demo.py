"""``ranef demo``: a study from the data to the answer, on the bundled HSB data.

The text of the study is `demo.txt`: an indented block is shown as it stands, a block after ``|``
goes in unchanged, a numbered line is a heading, all else is prose. Every number in it is read from
the fits.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer

from ranef.cli.status import NOT_CERTIFIED, OK
from ranef.errors import OptionError
from ranef.page import cells, grid, padded, page_width, paragraph
from ranef.present.progress import progress

__all__ = ["demo"]

GROUP = "sch.id"
FORMULAS = {
    "raw": "math ~ ses * sector + (ses | sch.id)",
    "raw_context": "math ~ ses * sector + ses_between * sector + (ses | sch.id)",
    "centred": "math ~ ses_within * sector + (ses_within | sch.id)",
    "context": "math ~ ses_within * sector + ses_between * sector + (ses_within | sch.id)",
    "additive": "math ~ ses_within + sector + (ses_within | sch.id)",
}
PLAIN = "math ~ ses * sector + factor(sch.id)"
LME4 = 46569.112205113
"""REML criterion at which lme4 1.1-31 stops on the raw model, with default settings on Linux."""

WIDEST = 92


def demo(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="The folder for the pictures."),
    ] = Path("ranef-demo"),
) -> int:
    """Work through a study, from the data to the answer.

    The data are those of 7,185 pupils in 160 schools. The study starts where other software
    reports that a model failed to converge, and ends with what the data say.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"cannot make the folder {output}",
            found=error.strerror or str(error),
            fix="name another one: ranef demo --output DIR",
        ) from error
    import ranef as rn

    with progress("fitting six models to 7,185 pupils"):
        pupils = rn.center(rn.datasets.load("hsb"), "ses", by=GROUP, how="within")
        fits = {name: rn.lmm(formula, pupils) for name, formula in FORMULAS.items()}
        values = _of_data() | _of_models(fits) | _of_plain(rn.lm(PLAIN, pupils)) | _of_rungs(fits)
    with progress("drawing two pictures"):
        values["pictures"] = _pictures(fits["centred"], output)
    print(_filled(files("ranef.cli").joinpath("demo.txt").read_text(encoding="utf-8"), values))
    return OK if all(fit.certificate.certified for fit in fits.values()) else NOT_CERTIFIED


def _filled(text: str, values: Mapping[str, Any]) -> str:
    out = []
    for block in text.strip().split("\n\n"):
        filled = textwrap.dedent(block).removeprefix("|").format_map(values)
        if block.startswith("|"):
            out.append(filled)
        elif block.startswith(" "):
            out.append(textwrap.indent(filled, "    ", lambda line: bool(line.strip())))
        elif re.match(r"\d\. ", filled):
            out.append("\n" * bool(out) + filled + "\n" + "=" * len(filled))
        else:
            out.append(_prose(filled))
    return "\n\n".join(out) + "\n"


def _prose(text: str, margin: str = "", right: int = 0) -> str:
    width = min(WIDEST, page_width()) - right
    return "\n".join(paragraph(" ".join(text.split()), margin, margin, width=width))


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Head line first; the first column flush left, the others flush right."""
    laid = grid(rows, indent="", width=min(WIDEST, page_width()))
    head, *body = laid.lines
    return "\n".join([head, "-" * laid.width, *body])


def _of_data() -> dict[str, Any]:
    import ranef as rn

    structure = rn.structure(rn.datasets.load("hsb"), groups=[GROUP])
    variables = structure.variables.set_index("variable")
    names = {
        level: [str(name) for name in rows.index] for level, rows in variables.groupby("level")
    }
    listed = {level: f"{', '.join(some[:-1])} and {some[-1]}" for level, some in names.items()}
    return {
        "structure": structure,
        "schools": int(structure.groups["n_groups"].iloc[0]),
        "of_pupils": listed["row"],
        "of_schools": listed[GROUP],
        "between": 100 * variables["icc"].to_dict()["ses"],
    }


def _of_models(fits: Mapping[str, Any]) -> dict[str, Any]:
    import ranef as rn

    raw, centred, context = fits["raw"], fits["centred"], fits["context"]
    table = rn.compare(fits["additive"], centred, labels=["no interaction", "interaction"])
    without, interaction = (fits[name].update(reml=False) for name in ("additive", "centred"))
    random = {name: _random(fit) for name, fit in fits.items()}
    before, after = random["centred"]["school variance"], random["context"]["school variance"]
    advantage, rest = float(centred.fixef["sector"]), float(context.fixef["sector"])
    return {
        "summary": replace(raw.summary(), residual_quantiles=(), findings=()),
        "raw": raw,
        "formulas": FORMULAS | {"plain": PLAIN},
        "lme4": LME4,
        "gap": LME4 - raw.criterion,
        "rank": raw.certificate.rank[GROUP],
        "size": raw.certificate.dims[GROUP],
        "certificate": {
            name: _prose(str(fit.certificate), "    ", right=4).lstrip()
            for name, fit in fits.items()
        },
        "correlation": {name: f"{of['correlation']:.2f}" for name, of in random.items()},
        "slope": {name: f"{of['slope variance']:.2f}" for name, of in random.items()},
        "intercept": {name: f"{of['school variance']:.2f}" for name, of in random.items()},
        "public": _estimate(centred, "ses_within = 0"),
        "catholic": _estimate(centred, "ses_within + ses_within:sector = 0"),
        "within_slope": _estimate(context, "ses_within = 0"),
        "between_slope": _estimate(context, "ses_between = 0"),
        "contextual": _estimate(context, "ses_between - ses_within = 0"),
        "table": table,
        "aic_gain": without.aic - interaction.aic,
        "loglik_gain": interaction.loglik - without.loglik,
        "four_models": _four_models(fits, random),
        "variance_share": 100 * (1 - after / before),
        "sector": advantage,
        "sector_left": rest,
        "sector_share": 100 * (1 - rest / advantage),
    }


def _random(fit: Any) -> dict[str, float]:
    """Variances and correlation of the schools' intercepts and slopes."""
    frame = fit.varcorr()
    school, slope = frame["variance"][frame["term2"].isna()].iloc[:2]
    correlation = frame["sd"][frame["term2"].notna()].iloc[0]
    return {"school variance": school, "slope variance": slope, "correlation": correlation}


def _estimate(fit: Any, hypothesis: str) -> str:
    row = fit.test(hypothesis, ddf="asymptotic").frame.iloc[0]
    return f"{row['estimate']:.2f} (SE {row['std_error']:.2f})"


def _four_models(fits: Mapping[str, Any], random: Mapping[str, Mapping[str, float]]) -> str:
    names = ["raw", "raw_context", "centred", "context"]
    rows = [["", "raw", "raw + mean", "centred", "centred + mean"]]
    rows += [[what, *(f"{random[n][what]:.2f}" for n in names)] for what in random["raw"]]
    effects = {
        "slope of ses": ("ses", "ses_within"),
        "ses x sector": ("ses:sector", "ses_within:sector"),
        "sector": ("sector",),
        "school mean of ses": ("ses_between",),
    }
    for label, spellings in effects.items():
        some = [[fits[n].fixef[s] for s in spellings if s in fits[n].fixef.index] for n in names]
        rows.append([label, *(f"{found[0]:.2f}" if found else "" for found in some)])
    verdicts = [fits[n].certificate.verdict.removesuffix(" optimum") for n in names]
    return _table([*rows, ["verdict", *verdicts]])


def _of_plain(fit: Any) -> dict[str, Any]:
    errors = fit.vcov.to_numpy().diagonal() ** 0.5
    se = dict(zip(fit.vcov.index, errors, strict=True))
    rows = [[n, f"{fit.fixef[n]:.3f}", f"{se[n]:.3f}"] for n in ("ses", "ses:sector")]
    head, foot = ["", "Estimate", "SE"], ["residual SD", f"{fit.sigma:.3f}", ""]
    return {
        "plain": fit,
        "n_columns": len(errors),
        "n_aliased": len(fit.dropped),
        "coefficients": _table([head, *rows, foot]),
        "plain_public": fit.fixef["ses"],
        "plain_catholic": fit.fixef["ses"] + fit.fixef["ses:sector"],
    }


def _of_rungs(fits: Mapping[str, Any]) -> dict[str, Any]:
    diagnosis = fits["raw"].diagnose()
    focal = ["ses", "sector", "ses:sector"]
    rows = [["rung", "verdict", "AIC (ML)", *focal]]
    for rung in diagnosis.remedies.to_dict("records"):
        aic = "" if rung["aic_ml"] != rung["aic_ml"] else f"{rung['aic_ml']:.2f}"
        verdict = rung["verdict"].removesuffix(" optimum")
        rows.append([rung["title"], verdict, aic, *(f"{rung[name]:.2f}" for name in focal)])
    return {
        "rungs": _table(rows),
        "conclusions": "\n\n".join(_prose(sentence) for sentence in diagnosis.summary),
    }


def _pictures(centred: Any, folder: Path) -> str:
    """Draw a caterpillar plot and the slopes within schools; the files, and what each shows."""
    from matplotlib.figure import Figure

    schools, slopes = Figure((6.4, 7.0), layout="constrained"), Figure((7.4, 4.8))
    slopes.set_layout_engine("constrained")
    axes = centred.plot.caterpillar(ax=schools.subplots())
    axes.set_title("What schools add to mathematics achievement", loc="left")
    axes.set_xlabel("points above or below the mean of the sector, with 95% intervals")
    axes.set_ylabel("schools, in order")
    axes = centred.plot.slopes(x="ses_within", by="sector", ax=slopes.subplots())
    axes.set_title("Mathematics achievement and ses within schools", loc="left")
    axes.set_xlabel("ses, deviation from the mean of the school")
    axes.set_ylabel("math, fitted")
    for text, sector in zip(axes.get_legend().get_texts(), ("public", "Catholic"), strict=False):
        text.set_text(sector)
    shown = {
        folder / "schools.png": (schools, "what each school adds, with its interval"),
        folder / "slopes.png": (slopes, "each school's own regression line, by sector"),
    }
    for path, (figure, _) in shown.items():
        figure.savefig(path, dpi=150)
    width = max(cells(str(path)) for path in shown)
    return "\n".join(f"{padded(str(path), width)}  {what}" for path, (_, what) in shown.items())
