"""Other mixed-model software: where it is, how it is installed, which command serves it."""

from benchmarks.peers.install import install_python
from benchmarks.peers.peer import Absent, Peer
from benchmarks.peers.registry import NAMES, find

__all__ = ["NAMES", "Absent", "Peer", "find", "install_python"]
