"""Whether data look like what the model simulates: residuals, effects, influence, statistics."""
