"""Settings for every test."""

import os

from hypothesis import HealthCheck, settings

# Workers side by side take one core each; BLAS reads this when it is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Pages are as wide as the terminal: here as wide as they get, wherever the tests run.
os.environ["COLUMNS"] = "100"

# The same examples in every run; one fit may take longer than hypothesis likes.
settings.register_profile(
    "ranef",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("ranef")
