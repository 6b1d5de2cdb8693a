"""The harness is not part of the installed package: it is found beside the tests."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

if (ROOT / "benchmarks").is_dir():
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
else:
    collect_ignore_glob = ["test_*.py"]
