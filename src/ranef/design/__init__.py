"""Design: formula and data to X, Z, y, and an encoding that replays on new data."""

from ranef.design.columns import check_columns
from ranef.design.data import Data
from ranef.design.design import Design, build
from ranef.design.encoding import Encoding
from ranef.design.generalised import GeneralisedResponse
from ranef.design.identifiable import check_identifiable

__all__ = [
    "Data",
    "Design",
    "Encoding",
    "GeneralisedResponse",
    "build",
    "check_columns",
    "check_identifiable",
]
