"""What varies at which level."""

from __future__ import annotations

from ranef.cli.study.fits import GROUP, Study
from ranef.cli.study.page import Chapter, prose, shown

__all__ = ["chapter_data"]


def chapter_data(study: Study) -> Chapter:
    """The structure of the data, and what follows from it for ses and sector."""
    described = study.structure
    variables = described.variables.set_index("variable")
    levels = variables["level"].to_dict()
    schools = described.groups.set_index("group")["n_groups"].to_dict()[GROUP]
    school, pupil = (
        [str(name) for name, found in levels.items() if found == level] for level in (GROUP, "row")
    )
    share = 100 * variables["icc"].to_dict()["ses"]
    return Chapter(
        "1. The data: what varies at which level",
        (
            prose(
                f"""The High School and Beyond survey: mathematics achievement (math) of
                {described.n_rows:,} pupils in {schools} schools. ses is a pupil's
                socio-economic status; sector is 0 for a public school, 1 for a Catholic one.
                The question: does ses matter less in Catholic schools?"""
            ),
            shown(str(described)),
            prose(
                f"""{_listed(pupil)} differ from pupil to pupil. {_listed(school)} are facts about
                schools: a coefficient of sector rests on {schools} values, not on
                {described.n_rows:,}. And ses is two variables in one: {share:.0f}% of its variance
                lies between schools, the rest between pupils of one school. Keep that in mind."""
            ),
        ),
    )


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
