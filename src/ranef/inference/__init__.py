"""Inference: one question, one file; functions of frozen records."""
