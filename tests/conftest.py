"""Settings for every test."""

from hypothesis import HealthCheck, settings

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
