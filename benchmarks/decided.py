"""Patients that a settled verdict takes, on stored effects of regions of the phantom's two models, and the error of stopping.

Three questions, none of which asks a model anything:

- *saving*: studies of `--patients` patients are drawn, with replacement, from those whose effects were measured
  (`decided_effects.json`). Patients come in a seeded order; an audit looks after 20, and after a quarter more each time, and
  stops when the gates of the built-in study and all its findings on regions are settled. Held against the verdicts
  of all patients with bootstrap intervals, and against the truth of the drawn population.
- *error*: effects whose mean is exactly at a limit, looked at in the same way. A sequence may leave the limit out in at most
  5 % of the studies, at any look. Student's interval, which is meant for one look, stands beside it.
- *map*: the sign-flip test of the reliance map, made once where such an audit stops, on maps without any area. A
  window at the border is also the region whose effect decides when to stop.

Resampling repeats the measured patients, so what none of them showed cannot come up; the error does not rest on them.

    python benchmarks/decided.py [--patients 2000] [--studies 40] [--errors 1000] [--maps 400] [--seed 7]
    python benchmarks/decided.py --from-run RUN    # store the effects of a finished run, with `reliance` enabled
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.special import stdtrit

from xaudit.catalog import MARGIN
from xaudit.config import Gate
from xaudit.records import MODEL_LEVEL, NO_READER, InfillEffect, Summary
from xaudit.statistics.bootstrap import ClusterBootstrap
from xaudit.statistics.max_test import max_sign_flip
from xaudit.statistics.sequential.confidence_sequence import Bounds, highest_capital, sequence_interval
from xaudit.statistics.sequential.patients import looks
from xaudit.verdict.settling import Measured, open_questions

EFFECTS = Path(__file__).with_name("decided_effects.json")
CONFIDENCE = 0.95
BOUNDS = Bounds(-1, 1)
GATES = [Gate.parse("reliance-mark >= 0.2"), Gate.parse("reliance-border <= 0.1")]
EVALUATIONS = 227
"""Forwards that one case takes by default without explainers: regions, map and whole image."""


def stored_effects(run_folder):
    """Effects of a run by model, region and in-fill: one number per patient, the mean over the patient's cases, or None."""
    from xaudit.store.parts import RELIANCE, part_keys, read_parts
    from xaudit.store.run_folder import RunFolder

    folder = RunFolder.open_run(Path(run_folder))
    rows = read_parts(folder, RELIANCE, part_keys(folder, RELIANCE)).rows
    patients = {}
    values = {}
    for row in rows:
        patient = row.patient_id or row.case_id
        patients.setdefault(row.model_id, {})[patient] = None
        own = values.setdefault(row.model_id, {}).setdefault(f"{row.region}:{row.infill}", {})
        own.setdefault(patient, []).append(row.beyond_random)
    return {
        model: {
            name: [
                round(float(np.mean(own[one])), 4) if one in own else None for one in sorted(patients[model])
            ]
            for name, own in sorted(of_model.items())
        }
        for model, of_model in values.items()
    }


def columns_of(effects):
    """Every measure of a model as an array over patients, NaN where a patient has none: in-fills, then their means."""
    alone = {name: np.array([np.nan if v is None else v for v in own]) for name, own in effects.items()}
    regions = dict.fromkeys(name.partition(":")[0] for name in alone)
    together = {
        f"reliance-{region}": np.mean(
            [v for name, v in alone.items() if name.partition(":")[0] == region], axis=0
        )
        for region in regions
        if region != "all-but-mark"
    }
    return alone | together


def measured(model, columns, interval_of):
    """The figures of the patients in ``columns``, as the verdict reads them."""
    summaries, by_infill = [], []
    for name, values in columns.items():
        there = values[~np.isnan(values)]
        if not len(there):
            continue
        n, (region, _, infill) = len(there), name.partition(":")
        if infill:
            by_infill.append(InfillEffect(model, region, infill, interval_of(there), n))
        else:
            summaries.append(
                Summary(
                    model, MODEL_LEVEL, name, "reliance", NO_READER, interval_of(there), n, n, 0, "patient"
                )
            )
    return Measured(model, summaries, by_infill, [])


def by_sequence(values):
    return sequence_interval(values, bounds=BOUNDS, confidence=CONFIDENCE)


def by_bootstrap(values):
    engine = ClusterBootstrap(replicates=1000, confidence=CONFIDENCE, seed=0)
    return engine.mean(values, [f"{index:06d}" for index in range(len(values))])


def states(figures):
    """Each gate and region as a verdict reads it: kept or not, used or not."""
    own = {one.metric_id: one.interval for one in figures.summaries}
    gates = [
        own[gate.metric].low >= gate.value if gate.at_least else own[gate.metric].high <= gate.value
        for gate in GATES
    ]
    used = {name: interval.low > MARGIN for name, interval in own.items()}
    return gates, used


def true_states(columns):
    means = {name: float(np.nanmean(values)) for name, values in columns.items() if ":" not in name}
    gates = [means[g.metric] >= g.value if g.at_least else means[g.metric] <= g.value for g in GATES]
    return gates, {name: mean > MARGIN for name, mean in means.items()}


def settled_after(model, columns):
    """Patients after which every question is settled, the questions that were open last, and the figures there."""
    n_patients = len(next(iter(columns.values())))
    last = []
    for n in looks(n_patients):
        figures = measured(model, {name: values[:n] for name, values in columns.items()}, by_sequence)
        questions = open_questions(figures, GATES)
        if not questions:
            return n, last, figures
        last = questions
    return n_patients, last, figures


def saving(effects, n_patients, n_studies, seed):
    """For each model: patients used, agreement with all patients and with the truth, by study."""
    results = {}
    for model, of_model in effects.items():
        population = columns_of(of_model)
        size = len(next(iter(population.values())))
        truth = true_states(population)
        rows = []
        for study in range(n_studies):
            drawn = np.random.default_rng([seed, study]).integers(0, size, n_patients)
            columns = {name: values[drawn] for name, values in population.items()}
            n, last, figures = settled_after(model, columns)
            full = measured(model, columns, by_bootstrap)
            rows.append(
                {
                    "n": n,
                    "last": sorted({one.measure for one in last}),
                    "as all": states(figures) == states(full),
                    "gates true": states(figures)[0] == truth[0],
                    "used true": states(figures)[1] == truth[1],
                }
            )
        results[model] = rows
    return results


DRAWS = {
    "rare: 2 % of patients fall by 1, limit .02": (lambda g, n: (g.random(n) < 0.02).astype(float), 0.02),
    "common: normal, sd .1, limit .02": (lambda g, n: np.clip(g.normal(0.02, 0.1, n), -1, 1), 0.02),
    "hits: 80 %, limit .8": (lambda g, n: (g.random(n) < 0.8).astype(float), 0.8),
}


def errors(n_patients, n_studies, seed):
    """Share of studies in which the interval of any look leaves the true mean out, by kind of effect and of interval."""
    threshold = np.log(2 / (1 - CONFIDENCE))
    counts = {}
    numbers = np.array(looks(n_patients))
    wide = -stdtrit(numbers - 1, (1 - CONFIDENCE) / 2) / np.sqrt(numbers)
    for name, (draw, limit) in DRAWS.items():
        wrong = np.zeros(2)
        for study in range(n_studies):
            values = draw(np.random.default_rng([seed, study]), n_patients)
            scaled, mean = (values + 1) / 2, (limit + 1) / 2
            highest = max(highest_capital(scaled, mean), highest_capital(1 - scaled, 1 - mean))
            means = np.array([values[:n].mean() for n in numbers])
            spread = np.array([values[:n].std(ddof=1) for n in numbers])
            wrong += [highest >= threshold, (np.abs(means - limit) > wide * spread).any()]
        counts[name] = wrong / n_studies
    return counts


def map_error(n_patients, n_studies, seed, side=8):
    """Share of maps without any area in which the test where the audit stops finds one, and beside it after all patients."""
    wrong = np.zeros(2)
    stops = []
    for study in range(n_studies):
        generator = np.random.default_rng([seed, study, 1])
        patient = generator.normal(0, 0.02, (n_patients, 1))
        effects = np.clip(patient + generator.normal(0.0, 0.15, (n_patients, side**2)), -1, 1)
        columns = {"reliance-border": effects[:, 0]}
        n = next(
            (
                n
                for n in looks(n_patients)
                if not open_questions(measured("", {k: v[:n] for k, v in columns.items()}, by_sequence), [])
            ),
            n_patients,
        )
        stops.append(n)
        for index, used in enumerate((n, n_patients)):
            p = max_sign_flip(effects[:used], seed=study, draws=999).p
            wrong[index] += p.min() <= 1 - CONFIDENCE
    return wrong / n_studies, stops


def shown_saving(results, n_patients):
    lines = [
        f"{'model':10} {'patients':>14} {'evaluations':>12} {'as all':>8} {'gates true':>11} {'regions true':>13}"
    ]
    for model, rows in results.items():
        n = np.array([row["n"] for row in rows])
        share = (np.median(n) * EVALUATIONS + n_patients) / (n_patients * (EVALUATIONS + 1))
        ratios = [np.mean([row[key] for row in rows]) for key in ("as all", "gates true", "used true")]
        lines.append(
            f"{model:10} {f'{np.median(n):.0f} (most {n.max()})':>14} {share:12.1%} {ratios[0]:8.0%} {ratios[1]:11.0%} "
            f"{ratios[2]:13.0%}"
        )
        last = [name for row in rows for name in row["last"]]
        counts = {name: last.count(name) for name in dict.fromkeys(last)}
        waited = sorted(counts.items(), key=lambda item: -item[1])[:3]
        lines.append(f"{'':10} settled last: " + ", ".join(f"{name} ({count})" for name, count in waited))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--patients", type=int, default=2000)
    parser.add_argument("--studies", type=int, default=40)
    parser.add_argument("--errors", type=int, default=1000)
    parser.add_argument("--maps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--from-run", metavar="RUN")
    options = parser.parse_args()
    if options.from_run:
        EFFECTS.write_text(json.dumps(stored_effects(options.from_run), separators=(",", ":")) + "\n")
        return
    effects = json.loads(EFFECTS.read_text())
    size = {model: len(next(iter(own.values()))) for model, own in effects.items()}
    print(f"{options.studies} studies of {options.patients} patients, drawn from {size}")
    print(
        shown_saving(saving(effects, options.patients, options.studies, options.seed), options.patients),
        flush=True,
    )
    if options.errors:
        print(
            f"\nthe limit is left out at any look, of {options.errors} studies: by the sequence, by Student's interval"
        )
        for name, (sequence, student) in errors(options.patients, options.errors, options.seed).items():
            print(f"  {name:45} {sequence:6.1%} {student:6.1%}", flush=True)
    if options.maps:
        (stopped, full), stops = map_error(500, options.maps, options.seed)
        print(
            f"\nmaps without an area in which one is found, of {options.maps}: {stopped:.1%} where the audit stops"
        )
        print(
            f"  (after {np.median(stops):.0f} patients, {min(stops)} to {max(stops)}), {full:.1%} after all 500"
        )


if __name__ == "__main__":
    main()
