"""Arranging what the layers below computed: frames, tables, texts, plots and equations."""
