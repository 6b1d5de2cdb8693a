"""Studies: what ranef's verdicts and diagnoses are worth, counted on simulated data.

``python -m studies NAME`` runs one; each module of this package that has a ``run`` is one.
"""
