"""Findings: what is worth knowing about the data and the fit."""

from ranef.diagnose.data import data_findings, sum_findings
from ranef.diagnose.fit import fit_findings

__all__ = ["data_findings", "fit_findings", "sum_findings"]
