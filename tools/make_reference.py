"""R's results for the linear models, trimmed to what the tests read, in one file.

    python tools/make_reference.py FOLDER

FOLDER holds one JSON file a model, as written by R (lme4, lmerTest). The output is
``tests/reference/lmer.json.gz``; the same input gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "tests" / "reference" / "lmer.json.gz"
COPIED = [
    *("id", "dataset", "formula", "reml", "weights", "tags", "nobs", "ngroups", "npar"),
    *("df_residual", "fixef", "vcov", "theta", "varcorr", "sigma", "logLik", "AIC", "BIC"),
    *("is_singular", "theta_at_bound", "ranef", "fitted", "residuals", "predict"),
]


def contrasts_of(model: dict[str, Any]) -> dict[str, str]:
    """Codings that are not treatment contrasts; R's default for ordered factors is one."""
    return {
        name: variable["contrasts"]
        for name, variable in model["variables"].items()
        if variable.get("contrasts", "contr.treatment") != "contr.treatment"
    }


def trim(model: dict[str, Any]) -> dict[str, Any]:
    kept = {name: model[name] for name in COPIED if name in model}
    kept["criterion"] = model["criterion"]["value"]
    kept["contrasts"] = contrasts_of(model)
    kept["preprocessing"] = [step["pandas"] for step in model.get("preprocessing", [])]
    kept["satterthwaite"] = [
        {"name": row["name"], "df": row["df"], "p": row["p"]}
        for row in model.get("tests", {}).get("satterthwaite", [])
    ]
    kept["notes"] = model.get("notes", [])
    return kept


def main(folder: Path) -> None:
    models = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    linear = [trim(model) for model in models if model["engine"] == "lme4::lmer"]
    if not linear:
        raise SystemExit(f"no linear models in {folder}")
    text = json.dumps(linear, separators=(",", ":")).encode()
    OUT.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{len(linear)} models, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
