"""The same model in the code of other programs."""
