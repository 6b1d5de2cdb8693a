"""What a report is made of: a fit, and the answers to the questions that its page asks."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ranef.diagnose.ladder import Ladder, Rung
from ranef.errors import OptionError, RanefError
from ranef.formula.naming import columns_of
from ranef.options import boolean, instance, mapping, name_list, shown, text
from ranef.present.equation.mathml import to_mathml
from ranef.present.progress import progress
from ranef.present.report.blocks import Missing
from ranef.present.report.material import Material, asked
from ranef.present.report.page import page
from ranef.present.report.target import report_path
from ranef.present.text.names import response_of
from ranef.present.whole_file import write_whole
from ranef.types import OFFSET

if TYPE_CHECKING:
    import pandas as pd

    from ranef.diagnose.call import Call
    from ranef.explore.structure import Structure
    from ranef.inference.checks.record import ModelCheck
    from ranef.present.diagnosis.facade import Diagnosis
    from ranef.present.protocol import FittedModel
    from ranef.present.table.facade import ComparisonTable

__all__ = ["material_of", "write_report"]

_PROFILE = 5_000_000
"""Numbers read by one evaluation, times parameters of both kinds: about five seconds."""
_OF_COEFFICIENTS = 6
"""Times the squared number of coefficients: what they cost in an evaluation."""
_OTHERS = 20
"""Columns that are not in the model and are described."""
_CELLS = 20_000_000
"""Values of these columns."""
_SEED = 1
"""Of simulations: the same fit has the same page."""
_EQUATION = 34.0
"""Em: the room of the right sides beside the variables."""
_FAMILY = ("family", "n_agq", "zero_inflation", "dispersion")


def write_report(
    fit: Any,
    path: Any,
    title: str | None,
    labels: Mapping[str, str] | None,
    against: Any,
    notes: Any,
    complete: bool,
) -> Path:
    """Write the page of a fit; see :meth:`ranef.Fit.report`."""
    target = report_path(path)
    material = material_of(fit, title, labels, against, notes, complete)
    with progress("drawing the report"):
        content = page(material).encode("utf-8", "replace")
    write_whole(target, lambda file: file.write(content))
    return target


def material_of(
    fit: Any,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    against: Any = None,
    notes: Any = None,
    complete: bool = False,
) -> Material:
    """Ask all that the page shows."""
    if title is not None:
        text("title", title)
    others = _others(against)
    written = _notes(notes)
    boolean("complete", complete)
    if labels is not None:
        fix = 'labels={"ses": "Socio-economic status"}'
        mapping("labels", labels, "labels are words by name", fix)
        for key, label in labels.items():
            text(f"labels[{key!r}]", label)
    model = fit._labelled(labels)
    diagnosis = _diagnosis(model)
    table, beside = _table(model, [each._labelled(labels) for each in others], diagnosis)
    spreads, method = _spreads(model, complete)
    frame = _rows(model)
    return Material(
        model=cast("FittedModel", model),
        title=(title or "").strip(),
        notes=written,
        spreads=spreads,
        spread_method=method,
        diagnosis=diagnosis,
        check=_check(model, frame),
        table=table,
        beside=beside,
        methods=_methods(model),
        equation=_equation(model),
        structure=_structure(model, frame),
        others=_other_variables(model, frame),
        call=_call(fit),
        log=model.log,
        frame=frame,
    )


def _rows(model: Any) -> pd.DataFrame | Missing:
    """The rows used; without them, which calls give what the page leaves out."""
    frame = asked("The rows", model.model_frame)
    sums = getattr(model, "_elsewhere", None)
    if sums is None or not isinstance(frame, Missing):
        return frame
    residuals = (
        '`fit.augment(to="rows.parquet")` writes residuals and fitted values'
        if sums.repeatable
        else "a fit of whole groups in memory draws residuals"
    )
    calls = {
        "Residuals": residuals,
        "Lines by group": "`fit.ranef()` has the effects of each group",
        "Predictions": "`fit.emmeans(variable)` has means of the model",
        "What varies where": "`rn.structure(sample, groups)` shows it for a sample of the rows",
    }
    return Missing("The rows", "This answer needs the data", frame.fix, calls)


def _others(against: Any) -> list[Any]:
    from ranef.fit.mixed_fit import MixedFit

    if against is None:
        return []
    fits = list(against) if isinstance(against, (list, tuple)) else [against]
    kind: type[Any] = MixedFit
    fix = "as in against=other, with what rn.lmm returned"
    return [instance("against", one, kind, fix, what="against takes fits") for one in fits]


def _notes(notes: Any) -> tuple[str, ...]:
    if notes is None:
        return ()
    if isinstance(notes, (list, tuple)) and not notes:
        return ()
    if not isinstance(notes, (str, list, tuple)):
        raise OptionError(
            "notes are a text, or a list of texts", found=f"notes={shown(notes)}", fix="notes=None"
        )
    return name_list("notes", notes, "note")


def _diagnosis(model: Any) -> Diagnosis | Missing | None:
    """The findings and the ladder; None for a model that has no random part."""
    if not model._problem.terms:
        return None
    return asked("Other models", model.diagnose)


def _table(
    model: Any, others: list[Any], diagnosis: Diagnosis | Missing | None
) -> tuple[ComparisonTable | Missing, str]:
    """The model beside others: those asked for, or the one that the diagnosis is about."""
    if others:
        labels = [f"Model {k}" for k in range(1, len(others) + 2)]
        told = "; ".join(
            f"{label}: {fit.formula}" for label, fit in zip(labels[1:], others, strict=True)
        )
        made = asked("The table", lambda: _compared([model, *others], labels))
        return made, f"Model 1 is that of this page. {told}."
    rung = None if diagnosis is None or isinstance(diagnosis, Missing) else _rung(diagnosis.ladder)
    if rung is not None and not isinstance(diagnosis, Missing) and diagnosis is not None:
        second = asked("The table", lambda: _fitted(model, rung, diagnosis.ladder.rungs[0]))
        if not isinstance(second, Missing):
            labels = ["As asked", rung.title[:1].upper() + rung.title[1:]]
            made = asked("The table", lambda: _compared([model, second], labels))
            if not isinstance(made, Missing):
                return made, f"{labels[1]}: {rung.formula}."
    return asked(
        "The table", lambda: _compared([model], [str(model._words.variable(model.response))])
    ), ""


def _compared(models: list[Any], labels: Sequence[str]) -> ComparisonTable:
    from ranef.present.table.build import build_table

    ml = [one._by_ml() for one in models] if any(one.reml for one in models) else None
    with progress("comparing the models"):
        return build_table(models, labels=labels, ml=ml)


def _rung(ladder: Ladder) -> Rung | None:
    """The rung to set beside the model: the one recommended, or the one with the means."""
    if ladder.recommended is not None:
        rung = ladder.rungs[ladder.recommended]
        return rung if rung.fitted and rung.certified else None
    means = [r for r in ladder.rungs if r.key == "group-mean" and r.fitted and r.test is not None]
    if not any(r.test is not None and r.test.p_high < 0.05 for r in means):
        return None
    centred = [r for r in ladder.rungs if r.key == "centred-mean" and r.certified]
    return next(iter([*centred, *(r for r in means if r.certified)]), None)


def _fitted(model: Any, rung: Rung, asked_rung: Rung) -> Any:
    """The fit of a rung, made again as a fit that can be shown."""
    if rung.call.data != "data":
        raise OptionError("this model is for other rows")
    changes: dict[str, Any] = {}
    for argument in rung.call.arguments:
        name, _, value = argument.partition("=")
        if argument in asked_rung.call.arguments:
            continue
        if name not in _FAMILY:
            raise OptionError("this model has arguments of its own")
        changes[name] = ast.literal_eval(value)
    return model.update(rung.formula, **changes)


def _spreads(model: Any, complete: bool) -> tuple[pd.DataFrame | Missing, str]:
    """Variances with intervals by profile where that is quick, else by Wald; and which these are.

    A model whose estimates are no optimum has none.
    """
    plain = asked("Variances", lambda: model.tidy("ran_pars"))
    if not model._problem.terms or not model.certificate.certified:
        return plain, ""
    why = ""
    if complete or _profile_cost(model) <= _PROFILE:
        made = asked("Intervals", lambda: model.tidy("ran_pars", conf_method="profile"))
        if not isinstance(made, Missing):
            ml = " of the fit by maximum likelihood" if model.reml else ""
            return made, f"Intervals: profile likelihood{ml}."
        why = f"There are no profile intervals: {made.why[:1].lower()}{made.why[1:]}. "
    else:
        why = (
            "Profile intervals take long on data of this size and were left out: "
            'fit.confint(method="profile") has them, and so has fit.report(path, complete=True). '
        )
    wald = asked("Intervals", lambda: model.tidy("ran_pars", conf_method="wald"))
    if isinstance(wald, Missing) or not wald["conf_low"].notna().any():
        return plain, why.strip()
    return wald, f"{why}Intervals: Wald, symmetric for log SDs and for Fisher's z of correlations."


def _check(model: Any, frame: pd.DataFrame | Missing) -> ModelCheck | Missing | None:
    """Residuals and effects beside those of responses that are simulated from the model."""
    if not model.certificate.certified:
        return None
    if isinstance(frame, Missing):
        return frame.part("Residuals")
    return asked("Residuals", lambda: model._check(None, 0.95, _SEED))


def _profile_cost(model: Any) -> float:
    """Numbers that one evaluation reads and makes, times parameters of both kinds."""
    problem = model._problem
    work = float(getattr(model._solution, "work", problem.n * problem.p))
    each = work * max(problem.n_theta, 1) + _OF_COEFFICIENTS * problem.p**2
    return float(each * model.df_model)


def _structure(model: Any, frame: pd.DataFrame | Missing) -> Structure | Missing | None:
    if not model.ngroups:
        return None
    if isinstance(frame, Missing):
        return frame.part("What varies where")
    return asked("What varies where", lambda: _described(model, frame, _variables(model, frame)))


def _variables(model: Any, frame: pd.DataFrame) -> list[str]:
    grouping = {column for group in model.ngroups for column in columns_of(group)}
    names = [str(name) for name in frame.columns if str(name) not in grouping and name != OFFSET]
    response = response_of(model.formula)
    return sorted(names, key=lambda name: name != response)


def _described(model: Any, frame: Any, variables: list[str]) -> Structure:
    """What varies where; of several groups the outermost counts first."""
    from ranef.explore.structure import structure

    groups = sorted(model.ngroups, key=lambda group: model.ngroups[group])
    with progress("looking at the levels of the data"):
        return structure(frame, groups, variables)


def _other_variables(model: Any, frame: pd.DataFrame | Missing) -> Structure | Missing | None:
    """The columns of the data that the model does not use, if the fit knows its data."""
    given = model._spec.given
    if given is None or isinstance(frame, Missing) or not model.ngroups:
        return None

    def found() -> Structure | None:
        from ranef.frame.open import open_frame

        known = {str(name) for name in frame.columns}
        own = open_frame(given.data)
        others = [name for name in own.names if name not in known][:_OTHERS]
        if not others or len(others) * model.missing_rows.n_total > _CELLS:
            return None
        return _described(model, given.data, others)

    try:
        return found()
    except RanefError:
        return None


def _methods(model: Any) -> str | Missing:
    """The methods paragraph as HTML."""
    return asked("Methods", lambda: str(model.methods()._repr_html_()))


def _equation(model: Any) -> str | Missing:
    """The equations as MathML, by levels if the model has them."""
    return asked("Equations", lambda: to_mathml(model, page=_EQUATION))


def _call(fit: Any) -> str:
    """What was typed, as far as the fit knows it."""
    call: Call = fit._call()
    prior = () if fit.prior is None else ("prior=prior",)
    arguments = (*call.arguments, *prior)
    return replace(call, arguments=arguments, random=bool(fit._problem.terms)).text(88)
