"""Schools as a fixed factor: does the plain regression run?"""

from __future__ import annotations

from ranef.cli.study.fits import Study
from ranef.cli.study.page import Chapter, grid, prose

__all__ = ["chapter_schools"]


def chapter_schools(study: Study) -> Chapter:
    """Ordinary least squares with a column for each school, and what is aliased there."""
    schools = study.schools
    rows = [["", "Estimate", "SE"]]
    for name in ("ses", "ses:sector"):
        rows.append([name, f"{schools.estimate(name):.3f}", f"{schools.std_error(name):.3f}"])
    rows.append(["residual SD", f"{schools.sigma:.3f}", ""])
    return Chapter(
        "3. A check: schools as a fixed factor, plain regression",
        (
            prose(
                f"""Before a mixed model is blamed, see that the fixed part is sound. Ordinary least
                squares on math ~ ses * sector + factor(sch.id), a column for each school, runs:
                {schools.n:,} rows, {len(schools.names)} columns, {len(schools.dropped)} aliased."""
            ),
            grid(rows),
            prose(
                f"""The aliased column is {schools.dropped[0]}. sector is constant within school, so
                the columns of the Catholic schools add up to it: given the schools, sector says
                nothing new, and the later column goes. With the schools written first it is
                sector itself that goes. Either way the effect of sector cannot be told
                apart from that of the schools; to compare sectors, schools have to be random."""
            ),
            prose(
                """ses and ses:sector survive, because they vary within schools. With a column for
                each school their slopes compare pupils of one school only: remember them for
                chapter 4."""
            ),
        ),
    )
