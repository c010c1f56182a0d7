"""What is said of explainers on networks whose evidence is known, over independent populations.

    python benchmarks/explainers_known.py [--populations 20] [--first 100] [--models honest half nine-tenths]
        [--out runs-known] [--samples 200]

Every population has 40 simulated patients, of whom 20 have a marked tumour; their 20 images are explained by Grad-CAM, LIME,
occlusion and the controls, and each is judged by the reliance that its maps capture. *honest* is the shipped network.
*half* and *nine-tenths* take that share of their answer from a corner marker whose evidence goes around Grad-CAM's layer
(`known_models.py`), on populations in which every cancer shows the marker.

A finished population is kept in the output folder and not done again. Printed are the states of each explainer over the
populations, the mean of its captured share with the smallest and largest, and the claims that must hold.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import known_models
from safetensors.torch import save_file

import xaudit

HERE = Path(__file__).resolve().parent
CONTROLS = ("random", "centre", "edges", "intensity")
FACTORIES = {"half": "known_models:half", "nine-tenths": "known_models:nine_tenths"}


def weights_of(out: Path) -> Path:
    """Return the file with the weights of the networks made here, written on the first call."""
    path = out / "beside-marker.safetensors"
    if not path.is_file():
        save_file(known_models.state(), path)
    return path


def audit_of(model: str, seed: int, samples: int, out: Path) -> dict[str, Any]:
    """Return the audit of one network on one population."""
    section: dict[str, Any] = {"id": model, "source": "phantom", "variant": "honest"}
    plant: dict[str, Any] = {"plant": "none"}
    if model in FACTORIES:
        section = {
            "id": model,
            "source": "python",
            "factory": FACTORIES[model],
            "weights": str(weights_of(out)),
            "layer": "network.layer4",
            "input_size": 128,
        }
        plant = {"plant": "corner-marker", "strength": 1.0}
    return {
        "name": f"known-{model}-{seed}",
        "data": {
            "format": "phantom",
            "phantom": {"patients": 40, "slices": 1, "splits": "test", "seed": seed, **plant},
        },
        "models": [section],
        "explainers": ["gradcam", {"name": "lime", "samples": samples}, "occlusion"],
        "controls": list(CONTROLS),
        "metrics": ["pointing-game"],
        "localization": {"ceilings": False},
        "reliance": {
            "infills": ["blur"],
            "controls": 1,
            "per_class": 0,
            "image": {"enabled": False},
            "map": {"stride": 1, "transplant": False},
        },
        "statistics": {"replicates": 2000},
        "run": {"limit": 20, "maps": "none"},
        "report": {"html": False},
    }


def judged(model: str, seed: int, samples: int, out: Path) -> list[dict[str, Any]]:
    """Return the judgements of one network on one population, from the file of an earlier call where there is one."""
    kept = out / f"{model}-{seed}-{samples}.json"
    if not kept.is_file():
        outcome = xaudit.audit(audit_of(model, seed, samples, out), out=out, progress=False)
        head = json.loads((out / outcome.run.run_id / "outcome.json").read_text(encoding="utf-8"))
        kept.write_text(json.dumps(head["explainers_judged"]), encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def show(model: str, by_population: dict[int, list[dict[str, Any]]]) -> list[str]:
    """Print the states of one network's explainers, and return the claims that do not hold."""
    states: dict[str, Counter[str]] = defaultdict(Counter)
    shares: dict[str, list[float]] = defaultdict(list)
    for judgements in by_population.values():
        priors = [one["prior"]["estimate"] for one in judgements if one["prior"]]
        shares["prior"] += priors[:1]
        for one in judgements:
            states[one["explainer_id"]][one["state"]] += 1
            shares[one["explainer_id"]] += [one["captured"]["estimate"]] if one["captured"] else []
    print(f"{model}, {len(by_population)} populations")
    print(f"{'':12}{'shows':>8}{'undecided':>11}{'does not':>10}   captured, mean (smallest to largest)")
    for name, values in sorted(shares.items(), key=lambda item: -sum(item[1])):
        own = states[name]
        figures = (
            f"{sum(values) / len(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else "-"
        )
        told = "" if name == "prior" else f"{own['shows']:>8}{own['undecided']:>11}{own['does-not-show']:>10}"
        print(f"{name:12}{told:29}   {figures}")
    broken = [f"{name} shows it on {model}" for name in CONTROLS if states[name]["shows"]]
    broken += [
        f"{name} both shows and does not show it on {model}"
        for name, own in states.items()
        if own["shows"] and own["does-not-show"]
    ]
    if states["occlusion"]["does-not-show"]:
        broken.append(f"occlusion does not show it on {model}")
    if model in FACTORIES:
        n = len(by_population)
        if states["gradcam"]["does-not-show"] < 0.9 * n:
            broken.append(
                f"gradcam does not show it on {model} in only {states['gradcam']['does-not-show']} of {n}"
            )
        broken += [
            f"{name} shows it on {model} in only {states[name]['shows']} of {n}"
            for name in ("lime", "occlusion")
            if states[name]["shows"] < n
        ]
    return broken


def main() -> None:
    """Audit every network on every population, and say which claims hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--populations", type=int, default=20)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--models", nargs="+", choices=("honest", *FACTORIES), default=("honest", *FACTORIES))
    parser.add_argument("--out", type=Path, default=Path("runs-known"))
    parser.add_argument("--samples", type=int, default=200)
    asked = parser.parse_args()
    out = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    os.chdir(HERE)
    broken: list[str] = []
    for model in asked.models:
        by_population: dict[int, list[dict[str, Any]]] = {}
        for seed in range(asked.first, asked.first + asked.populations):
            by_population[seed] = judged(model, seed, asked.samples, out)
            print(f"{model} {seed}", file=sys.stderr, flush=True)
        broken += show(model, by_population)
    print("holds" if not broken else "\n".join(["does not hold:", *broken]))


if __name__ == "__main__":
    main()
