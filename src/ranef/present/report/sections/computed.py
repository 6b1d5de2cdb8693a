"""How it was computed: the log of the search, the call that fits it again, and the versions."""

from __future__ import annotations

import platform
from importlib.metadata import version

from ranef._version import __version__
from ranef.page.html import escaped, minus
from ranef.page.phrases import count, whole
from ranef.present.report.blocks import Row, code, copied, folded, note, prose, table
from ranef.present.report.figures import value
from ranef.present.report.material import Material

__all__ = ["body", "versions"]

_LIBRARIES = (("NumPy", "numpy"), ("SciPy", "scipy"), ("Matplotlib", "matplotlib"))
_MOST_STEPS = 40


def body(material: Material) -> str:
    """Two things that open, and a line of versions."""
    evaluations = count(material.log.evaluations, "evaluation")
    again = f'import ranef as rn\n\nfit = {material.call}\nfit.report("report.html")'
    return (
        folded(f"The log of the search: {evaluations}", _log(material), printed=False)
        + folded("To fit it again", code(again, "call") + copied("call", "the call"))
        + note(f"{versions()}.")
    )


def _log(material: Material) -> str:
    """What was searched and how. Times are left out: they are different at each fit."""
    log, words = material.log, material.words
    layout = log.layout
    told = []
    for group in (*layout.chain, *layout.tail):
        factor = log.factors[group]
        place = "level by level" if group in layout.chain else "in the dense tail"
        size = f"{count(factor.levels, 'level')} of {count(factor.columns, 'column')}"
        told.append((words.group(factor.name), f"{size}, {place}"))
    kept = count(layout.entries, "number")
    told += [
        ("kept", f"{kept} by level, {count(layout.dense_columns, 'dense column')}"),
        ("criterion", f"{log.criterion}; {log.path}; exact Hessian by {layout.hessian}"),
        (
            "search",
            f"{log.status} by {log.method}: {count(log.evaluations, 'evaluation')}, "
            f"{count(log.escapes, 'saddle point')} left",
        ),
        ("starts", f"{whole(log.starts)}, {count(log.basins, 'optimum', 'optima')}"),
    ]
    if log.start_moved:
        told.append(("start values", "moved inside, where the density of the prior is above zero"))
    rows = "".join(f"<dt>{escaped(term)}</dt><dd>{prose(text)}</dd>" for term, text in told)
    return f'<dl class="ev">{rows}</dl>{_steps(material)}'


def _steps(material: Material) -> str:
    steps = material.log.steps[:_MOST_STEPS]
    if not steps:
        return ""
    rows = [
        Row(
            str(k),
            (
                value(step.criterion, 8),
                minus(f"{step.predicted_gain:.2e}"),
                minus(f"{step.radius:.2g}"),
                "yes" if step.accepted else "no",
            ),
        )
        for k, step in enumerate(steps, start=1)
    ]
    heads = ["Step", "Criterion", "Predicted gain", "Radius", "Accepted"]
    more = len(material.log.steps) - len(steps)
    return table("Steps of the search", heads, rows) + note(
        f"{whole(more)} more steps are in fit.log." if more > 0 else ""
    )


def versions() -> str:
    """What the numbers were computed with."""
    libraries = ", ".join(f"{name} {version(package)}" for name, package in _LIBRARIES)
    return f"ranef {__version__} with Python {platform.python_version()}, {libraries}"
