"""Are the intervals and the error rates that `xaudit calibrate` speaks of right? Checked on populations drawn from a large pool.

    python benchmarks/calibrate_coverage.py --synthetic [--populations 2000]
    python benchmarks/calibrate_coverage.py [--pool 120] [--patients 20] [--populations 200] [--plant corner-marker]
        [--out calibrations-coverage]

The built-in study's honest network is asked once about every patient of a large simulated pool, half of them with cancer, whose
slices show the plant. Populations of 20 cancer patients, and half as many others, are drawn from the pool, each patient
independently of the others: so the pool's own mean is the truth that an interval should hold in 95 of 100 populations.

With `--synthetic` the answers are made up instead, and no network is asked: every patient reacts to the plant by itself, by an
amount of mean .03 that is 0 or far more in some (exponential), and the detector reads the hidden plant as .97 less on average
(beta). The truth is then known exactly, and every population is of new patients.

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
from xaudit.config import AuditFile, StatisticsSection
from xaudit.metrics.reliance_map.windows import window_grid
from xaudit.records import FloatArray, WindowEffects
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


def synthetic(n_patients: int, n_populations: int) -> list[str]:
    """Draw made-up populations, print the coverage for each share, and return the claims that do not hold."""
    grid, broken = window_grid((128, 128), 0.125, 1.0), []
    settings = StatisticsSection(replicates=2000)
    for share in SHARES[1:]:
        truth, held, found = (1 - share) * 0.03 + share * 0.97, [], []
        for number in range(n_populations):
            generator = np.random.default_rng([number, 2])
            rows = []
            for patient in range(n_patients):
                reaction, detected = generator.exponential(0.03), generator.beta(97, 3)
                drops = np.abs(generator.normal(0, 0.005, grid.shape))
                drops[0, -1] = (1 - share) * reaction + share * detected
                rows.append(made_up(f"p{patient}", drops.astype(np.float32)))
            effect = window_effect(rows, "cancer", grid.shape[1] - 1, settings=settings, seed=number)
            found.append(effect.estimate)
            held.append(
                effect.low is not None and effect.high is not None and effect.low <= truth <= effect.high
            )
        coverage = share_of(held)
        print(
            f"  w = {share:<4g} truth {truth:.4f}, found {np.mean(found):.4f}, held by {100 * coverage.estimate:.1f} % "
            f"[{100 * (coverage.low or 0):.1f}, {100 * (coverage.high or 0):.1f}]",
            flush=True,
        )
        if not 0.93 <= coverage.estimate <= 0.97:
            broken.append(f"w = {share:g}: {100 * coverage.estimate:.1f} % of intervals hold the truth")
    return broken


def made_up(patient: str, drops: FloatArray) -> WindowEffects:
    """Return the effects of all windows on one made-up image."""
    nothing = np.zeros(drops.shape, dtype=np.float32)
    return WindowEffects(
        case_id=patient, patient_id=patient, model_id="net", target="cancer", label="cancer", predicted="cancer",
        question="hide", infill="blur", scale=0.125, stride=1.0, frame_hw=(128, 128), probability=0.9, log_odds=2.2,
        probability_drop=drops, log_odds_drop=drops, mark_share=nothing, place=("outside",) * drops.size,
    )  # fmt: skip


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
    parser.add_argument("--synthetic", action="store_true")
    chosen = parser.parse_args()
    if chosen.synthetic:
        broken = synthetic(chosen.patients, chosen.populations)
        print("holds" if not broken else "\n".join(["does not hold:", *broken]))
        return
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
    broken = []
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
