"""R's results for the generalised models, trimmed to what the tests read, in one file.

    python tools/make_generalised_reference.py FOLDER VALUES

FOLDER holds one JSON file a model, as written by R (lme4, glmmTMB), VALUES what
``tools/generalised.R`` printed. The output is ``tests/reference/glmer.json.gz``; the same input
gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "tests" / "reference" / "glmer.json.gz"
COPIED = [
    *("id", "engine", "dataset", "formula", "family", "link", "nAGQ", "weights", "nobs"),
    *("ngroups", "npar", "df_residual", "fixef", "vcov", "varcorr", "sigma", "dispersion"),
    *("logLik", "logLik_saturated", "logLik_with_constants", "AIC", "BIC", "is_singular"),
    *("components", "ranef", "fitted", "residuals", "predict", "lrt", "drop1", "emmeans", "notes"),
]
ENGINES = ("lme4::glmer", "glmmTMB::glmmTMB")


def trim(model: dict[str, Any], values: dict[str, float]) -> dict[str, Any]:
    kept = {name: model[name] for name in COPIED if name in model}
    kept["preprocessing"] = [step["pandas"] for step in model.get("preprocessing", [])]
    if model["id"] in values:
        kept["logLik_glmmTMB"] = values[model["id"]]
    if "crosscheck" in model:
        kept["optimum_glmmTMB"] = model["crosscheck"]["logLik"]
    effect_sizes = model.get("performance", {})
    kept["performance"] = {
        name: effect_sizes[name] for name in ("icc", "r2_nakagawa") if name in effect_sizes
    }
    return kept


def main(folder: Path, values: Path) -> None:
    models = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    at_lme4 = json.loads(values.read_text())
    kept = [trim(model, at_lme4) for model in models if model["engine"] in ENGINES]
    if not kept:
        raise SystemExit(f"no generalised models in {folder}")
    text = json.dumps(kept, separators=(",", ":")).encode()
    OUT.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{len(kept)} models, {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
