"""Settings of Hypothesis: no deadline, since the machine may be busy, and the same examples in each run."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "crypto",
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("crypto")
