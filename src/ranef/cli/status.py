"""The exit statuses of the command."""

__all__ = ["DEFECT", "NOT_CERTIFIED", "OK", "WRONG_USE"]

OK, DEFECT, WRONG_USE, NOT_CERTIFIED = 0, 1, 2, 3
