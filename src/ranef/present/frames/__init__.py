"""Results as labelled pandas frames."""
