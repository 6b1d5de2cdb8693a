"""What is timed, one file a problem; a new case is a file and a line here."""

from benchmarks.cases.bernoulli import BERNOULLI, BERNOULLI_LARGE
from benchmarks.cases.bootstrap import BOOTSTRAP, BOOTSTRAP_GENERALISED, BOOTSTRAP_ROWS
from benchmarks.cases.case import Case, Session
from benchmarks.cases.fresh_process import FRESH_PROCESS
from benchmarks.cases.generalised import CBPP, CONTRACEPTION, GROUSETICKS, VERBAGG
from benchmarks.cases.growth import GROWTH_NESTED, GROWTH_ONE_FACTOR
from benchmarks.cases.hsb import HSB, HSB_MATRICES
from benchmarks.cases.inference import ANOVA, KENWARD_ROGER, LEAVE_ONE_OUT
from benchmarks.cases.insteval import INSTEVAL_THREE, INSTEVAL_TWO
from benchmarks.cases.maximal import MAXIMAL
from benchmarks.cases.one_factor import ONE_FACTOR, ONE_FACTOR_LARGE
from benchmarks.cases.ratings import GROWTH_RATINGS, RATINGS, RATINGS_LARGE
from benchmarks.cases.references import REFERENCES
from benchmarks.cases.sleepstudy import SLEEPSTUDY, SLEEPSTUDY_MATRICES
from benchmarks.cases.streamed import STREAMED, STREAMED_LARGE

__all__ = ["ALL", "Case", "Session"]

ALL: tuple[Case, ...] = (
    HSB,
    SLEEPSTUDY,
    FRESH_PROCESS,
    HSB_MATRICES,
    SLEEPSTUDY_MATRICES,
    INSTEVAL_TWO,
    INSTEVAL_THREE,
    MAXIMAL,
    RATINGS,
    RATINGS_LARGE,
    GROWTH_RATINGS,
    ONE_FACTOR,
    ONE_FACTOR_LARGE,
    GROWTH_ONE_FACTOR,
    GROWTH_NESTED,
    STREAMED,
    STREAMED_LARGE,
    BOOTSTRAP,
    BOOTSTRAP_ROWS,
    KENWARD_ROGER,
    ANOVA,
    LEAVE_ONE_OUT,
    CBPP,
    CONTRACEPTION,
    GROUSETICKS,
    VERBAGG,
    BERNOULLI,
    BERNOULLI_LARGE,
    REFERENCES,
    BOOTSTRAP_GENERALISED,
)
