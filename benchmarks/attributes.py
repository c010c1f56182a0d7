"""Error rates of the check of attributes, by simulation: intervals of known gaps, false alarms, and power.

Patients have 1 to 6 test images each, alike in how often they are right (a beta distribution) and in their log-odds. The sex
belongs to the patient, the scanner has three levels, the view changes within a patient. Reported are the share of 95 %
intervals that hold the true gap, the share of repeats in which an honest model is accused of any gap (XA422) or of any worse
subgroup (XA423), the share in which a gap that is there is found, and how often features that do not hold the sex are said to
encode it (lower end above .5).

    python benchmarks/attributes.py [--repeats 200] [--seed 11]
"""

import argparse
from pathlib import Path

import numpy as np

from xaudit.cases.dataset import Dataset
from xaudit.config import AttributesSection
from xaudit.records import Attribute, Case, ModelAnswers, Prediction
from xaudit.screening.attributes import check_attributes

CLASSES = ("cancer", "normal")
SENSITIVITY, LOGIT_GAP, ALIKE = 0.9, 1.0, 0.25
POPULATIONS = (
    # patients, most images of each, gap of sensitivity of the second sex
    (60, 1, 0.0),
    (60, 6, 0.0),
    (150, 6, 0.0),
    (60, 1, 0.3),
    (150, 1, 0.3),
    (60, 6, 0.3),
    (150, 6, 0.3),
)
SETTINGS = AttributesSection(draws=500)


def study(n, most, gap, rng, *, n_features=0):
    """A data set and a model's answers; log-odds of the second sex are lower by the gap's share of LOGIT_GAP."""
    cases, predictions, features = [], [], []
    levels = {"sex": {}, "scanner": {}, "view": {}}
    for patient in range(n):
        sick, sex, scanner = patient % 2 == 1, rng.integers(2), rng.integers(3)
        share = SENSITIVITY - gap * (sick and sex)
        own = rng.beta(share * (1 - ALIKE) / ALIKE, (1 - share) * (1 - ALIKE) / ALIKE)
        level = rng.normal(0, 0.5)
        for image in range(rng.integers(1, most + 1)):
            name = f"{patient:03d}-{image}"
            right = rng.random() < own
            logit = (1 if right == sick else -1) * np.exp(rng.normal(0, 0.3))
            label, called = (CLASSES[0] if yes else CLASSES[1] for yes in (sick, logit > 0))
            cases.append(Case(name, f"P{patient}", "data", name, "", label, "test", 8, 8))
            predictions.append(
                Prediction(
                    name,
                    f"P{patient}",
                    "m",
                    "test",
                    label,
                    called,
                    "cancer",
                    (logit, 0.0),
                    (0.5, 0.5),
                    CLASSES,
                )
            )
            levels["sex"][name], levels["scanner"][name] = "fm"[sex], "ABC"[scanner]
            levels["view"][name] = ("pa", "ap")[rng.integers(2)]
            features.append(rng.normal(size=n_features) + level)
    attributes = {
        name: Attribute(name, "table", tuple(sorted(set(own.values()))), False, own)
        for name, own in levels.items()
    }
    data = Dataset(
        "data", Path("/"), tuple(cases), (), CLASSES, "cancer", "union", "full", (), True, True,
        attributes=attributes,
    )  # fmt: skip
    found = np.array(features, dtype=np.float32) if n_features else None
    return data, [ModelAnswers("m", "data", tuple(predictions), found)]


def truths(gap):
    """The true gap of each measure between the first sex and the second."""
    size = float(np.exp(0.3**2 / 2))
    return {
        "sensitivity": gap,
        "specificity": 0.0,
        "logit-positive": 2 * gap * size,
        "logit-negative": 0.0,
    }


def check(data, answers, seed):
    return check_attributes(data, answers, SETTINGS, seed=seed, on_progress=lambda _: None)


def share(values):
    """A share with its Monte Carlo error."""
    values = np.asarray(values, dtype=float)
    return f"{100 * values.mean():5.1f} ± {100 * np.sqrt(values.mean() * (1 - values.mean()) / len(values)):.1f} %"


def of_population(n, most, gap, repeats, seed):
    covered = {measure: [] for measure in truths(gap)}
    accused, worse, named = [], [], []
    for repeat in range(repeats):
        found = check(*study(n, most, gap, np.random.default_rng([seed, n, most, repeat])), seed=repeat)
        for row in found.tables["attribute_gaps"]:
            if row.attribute == "sex" and row.low is not None:
                covered[row.measure].append(row.low <= truths(gap)[row.measure] <= row.high)
        codes = [one.code for one in found.verdicts]
        accused.append("XA422" in codes)
        worse.append("XA423" in codes)
        named.append(
            any(
                "sex=m" in row.subgroup and (row.adjusted_p or 1) <= 0.05 and row.measure == "sensitivity"
                for row in found.tables["subgroups"]
                if row.adjusted_p is not None
            )
        )
    print(f"{n} patients, 1 to {most} images, gap {gap:g}")
    print("  intervals hold the gap:", ", ".join(f"{name} {share(own)}" for name, own in covered.items()))
    words = (
        ("false alarms of a gap", "of a worse subgroup")
        if gap == 0
        else ("gap found", "worse subgroup found")
    )
    print(f"  {words[0]}: {share(accused)}, {words[1]}: {share(worse if gap == 0 else named)}", flush=True)


def of_features(n, most, repeats, seed):
    said = []
    for repeat in range(repeats):
        data, answers = study(n, most, 0.0, np.random.default_rng([seed, n, most, repeat]), n_features=32)
        only = {"sex": data.attributes["sex"]}
        found = check(Dataset(**{**vars(data), "attributes": only}), answers, seed=repeat)
        said += [
            row.low > 0.5
            for row in found.tables["attributes_encoding"]
            if row.low is not None and row.images == "all"
        ]
    print(
        f"{n} patients, 1 to {most} images: said to encode a sex that the features do not hold: {share(said)}"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    for n, most, gap in POPULATIONS:
        of_population(n, most, gap, given.repeats, given.seed)
    for n, most in ((60, 1), (60, 6)):
        of_features(n, most, given.repeats, given.seed)


if __name__ == "__main__":
    main()
