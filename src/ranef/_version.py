"""The version, written once: packaging, the compiled core and ``ranef --version`` read it here."""

__version__ = "0.1.0"
