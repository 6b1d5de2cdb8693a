"""Methods for degrees of freedom: one file each, one line in the registry."""

from ranef.inference.ddf.method import Fitted, Joint, Method
from ranef.inference.ddf.registry import NAMES, method_of
from ranef.inference.ddf.rows import RowTests, row_tests

__all__ = ["NAMES", "Fitted", "Joint", "Method", "RowTests", "method_of", "row_tests"]
