"""Words for a paper: a methods paragraph, and sentences about coefficients."""
