"""Are the intervals and the error rates that `xaudit calibrate` speaks of right? Checked on populations drawn from a large pool.

    python benchmarks/calibrate_coverage.py [--pool 120] [--patients 20] [--populations 200] [--plant corner-marker]
        [--out calibrations-coverage]

The built-in study's honest network is asked once about every patient of a large simulated pool, half of them with cancer, whose
slices show the plant. Populations of 20 cancer patients, and half as many others, are drawn from the pool, each patient
independently of the others: so the pool's own mean is the truth that an interval should hold in 95 of 100 populations.

Printed for each share w of the answer: the mean effect at the plant's window, its distance from w, and the share of intervals
that hold the pool's mean. Then, for w = 0 and for w = .05, the share of whole audits that fail for a place without a plant,
and that catch the plant. The claims that must hold are printed last.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from xaudit.catalog import PLANT_RECORDS
from xaudit.config import AuditFile
from xaudit.stages.calibration.case_effects import resampled
from xaudit.stages.calibration.judging import PlantedPlace, audit_for
from xaudit.stages.calibration.planted_model import PlantedModel
from xaudit.stages.calibration.resampling import Measured, Trials, run_trials, share_of
from xaudit.stages.outcome.dependence.map_tests import strongest_window, window_effect
from xaudit.stages.request import RunRequest
from xaudit.stages.work.audited import Audited

SHARES = (0.0, 0.05, 0.1, 0.2, 0.5, 0.9)
JUDGED = (0.0, 0.05)


def audit_of_pool(pool: int) -> AuditFile:
    """Return the audit of the honest network on a pool of patients without any plant."""
    return AuditFile.model_validate(
        {
            "name": "pool",
            "data": {
                "format": "phantom",
                "phantom": {"patients": pool, "slices": 1, "splits": "test", "plant": "none", "seed": 11},
            },
            "models": [{"id": "honest", "source": "phantom", "variant": "honest"}],
            "reliance": {"per_class": pool // 4},
        }
    )


def main() -> None:
    """Ask the pool, draw the populations, and say which claims hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pool", type=int, default=120)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--populations", type=int, default=200)
    parser.add_argument(
        "--plant",
        default="corner-marker",
        choices=[name for name, one in PLANT_RECORDS.items() if one.row.box],
    )
    parser.add_argument("--out", type=Path, default=Path("calibrations-coverage"))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    started = time.perf_counter()
    audit = audit_of_pool(chosen.pool)
    plain = audit.model_copy(update={"explainers": (), "controls": (), "metrics": (), "gates": ()})
    (model,) = Audited(RunRequest(plain, chosen.out), lambda _: None).models
    planted = PlantedModel(model, PLANT_RECORDS[chosen.plant], "", 1.0)
    answers = planted.ask(lambda *_: None)
    print(
        f"{chosen.plant}: {len(planted.patients[0])} and {len(planted.patients[1])} patients asked, {time.perf_counter() - started:.0f} s",
        flush=True,
    )
    sure = [one for case in planted.effects(answers, 1.0).values() for one in case.windows]
    window = strongest_window(sure, planted.positive)
    place = PlantedPlace(planted.place, planted.regions, whole=False)
    sizes = (chosen.patients, chosen.patients // 2)
    broken: list[str] = []
    for share in SHARES:
        effects = planted.effects(answers, share)
        pool = [one for case in effects.values() for one in case.windows]
        truth = window_effect(pool, planted.positive, window, settings=audit.statistics, seed=0)
        found = []
        for number in range(chosen.populations):
            drawn = resampled(effects, planted.patients, sizes, np.random.default_rng([number, 1]))
            rows = [one for case in drawn for one in case.windows]
            found.append(
                window_effect(rows, planted.positive, window, settings=audit.statistics, seed=number)
            )
        held = share_of([one.low <= truth.estimate <= one.high for one in found])  # type: ignore[operator]
        mean = float(np.mean([one.estimate for one in found]))
        furthest = max(abs(one.estimate - share) for one in found)
        print(
            f"  w = {share:<4g} found {mean:.4f}, at most {furthest:.3f} from w; pool {truth.estimate:.4f}, held by "
            f"{100 * held.estimate:.1f} % [{100 * (held.low or 0):.1f}, {100 * (held.high or 0):.1f}]",
            flush=True,
        )
        if abs(mean - share) > 0.03:
            broken.append(f"w = {share:g} is found as {mean:.3f}")
        if share > 0 and not 0.93 <= held.estimate <= 0.97:
            broken.append(f"w = {share:g}: {100 * held.estimate:.1f} % of intervals hold the pool's mean")
        if share in JUDGED:
            trials = Trials(
                audit_for(audit, "honest")[0], effects, planted.patients, place,
                Measured(planted.positive, window=window), patients_known=True, names=("coverage",),
            )  # fmt: skip
            results = list(run_trials(trials, chosen.patients / len(planted.patients[0]), chosen.populations))
            failed, caught = (
                share_of([getattr(one, name) for one in results]) for name in ("failed", "caught")
            )
            print(
                f"           {len(results)} whole audits: {100 * caught.estimate:.1f} % catch the plant, {100 * failed.estimate:.1f} % "
                f"[{100 * (failed.low or 0):.1f}, {100 * (failed.high or 0):.1f}] fail for another place "
                f"({time.perf_counter() - started:.0f} s so far)",
                flush=True,
            )
            if share == 0 and failed.estimate > 0.05:
                broken.append(f"false alarms in {100 * failed.estimate:.1f} % of audits")
    print("holds" if not broken else "\n".join(["does not hold:", *broken]))


if __name__ == "__main__":
    main()
