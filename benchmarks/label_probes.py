"""False alarms and detections of the check of what predicts the label, on phantom populations whose truth is known.

    python benchmarks/label_probes.py [--populations 12] [--planted 4] [--patients 60] [--size 128]

Without a plant, patients with and without cancer differ in the tumour only, so no view outside the lungs predicts the
label: every finding is a false alarm. With `border-tone` and `corner-marker` of strength 1 or .5 the border ring holds
evidence: at .5 it is on three quarters of cancer patients and on one quarter of the others, so that no rule reaches an AUROC
above .75. Each population has its own patients; a view of it is *caught* or *accused* where the check fails it (XA411, XA412).

    python benchmarks/label_probes.py --images FOLDER

checks a folder of images instead, one sub-folder per class, and prints time, memory and every figure.
"""

import argparse
import resource
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Literal

from xaudit.cases import load_dataset
from xaudit.config import DataSection, LabelSection, PhantomSection, RegionSection
from xaudit.records import DataCheck, LabelProbe
from xaudit.screening.label.check import check_label
from xaudit.statistics.bootstrap import wilson

Plant = Literal["none", "corner-marker", "border-tone"]

ROWS: tuple[tuple[Plant, float], ...] = (
    ("none", 1.0),
    ("border-tone", 1.0),
    ("border-tone", 0.5),
    ("corner-marker", 1.0),
    ("corner-marker", 0.5),
)


def phantom_check(
    plant: Plant, strength: float, seed: int, arguments: argparse.Namespace, workspace: Path
) -> DataCheck:
    """Simulate a population and check it."""
    phantom = PhantomSection(
        patients=arguments.patients,
        slices=2,
        size=arguments.size,
        plant=plant,
        strength=strength,
        seed=seed,
        splits="test",
    )
    section = DataSection(format="phantom", phantom=phantom, regions=RegionSection(body="builtin-ct"))
    data = load_dataset(section, dataset_id="data", workspace=workspace, on_progress=lambda _: None)
    return check_label(data, LabelSection(), seed=seed, on_progress=lambda _: None)


def figures(probe: LabelProbe) -> str:
    """Return a probe's AUROC with its interval, and a star where it gives the label away."""
    limits = "" if probe.auroc_low is None else f" [{probe.auroc_low:.2f}, {probe.auroc_high:.2f}]"
    return f"{probe.auroc:.2f}{limits}{'*' * probe.gives_away}"


def phantom_rows(arguments: argparse.Namespace) -> None:
    """Print each population, then the share of populations in which each view is failed."""
    for plant, strength in ROWS:
        if arguments.plant not in (None, plant):
            continue
        n = arguments.populations if plant == "none" else arguments.planted
        failed: Counter[str] = Counter()
        includes_chance = 0
        for seed in range(arguments.first, arguments.first + n):
            with tempfile.TemporaryDirectory() as workspace:
                result = phantom_check(plant, strength, seed, arguments, Path(workspace))
            probes: list[LabelProbe] = [one for one in result.tables["label_probes"] if one.kind == "pixels"]  # type: ignore[misc,attr-defined]
            failed.update(one.view for one in probes if one.gives_away)
            failed["any finding"] += any(verdict.status == "fail" for verdict in result.verdicts)
            border = next(one for one in probes if one.view == "border")
            includes_chance += border.auroc_low is not None and border.auroc_low <= 0.5
            print(
                f"{plant} {strength:g}, seed {seed}: "
                + ", ".join(f"{one.view} {figures(one)}" for one in probes),
                flush=True,
            )
        shares = ", ".join(
            f"{view} {failed[view]} of {n} [{limits.low:.2f}, {limits.high:.2f}]"
            for view in ("border", "outside-body", "organ-blanked", "any finding")
            for limits in [wilson(failed[view] / n, n, confidence=0.95)]
        )
        print(
            f"== {plant} {strength:g}: failed: {shares}; the border's interval includes .5 or lies below it: {includes_chance} of {n}\n"
        )


def folder_row(arguments: argparse.Namespace) -> None:
    """Check a folder of images under a random split, and print every figure."""
    section = DataSection(format="folder", images=arguments.images)
    data = load_dataset(section, dataset_id="data", workspace=arguments.images, on_progress=lambda _: None)
    began, used = time.perf_counter(), time.process_time()
    result = check_label(data, LabelSection(), seed=0, groups=None, on_progress=lambda _: None)
    print(
        f"{len(data.cases)} images: {time.perf_counter() - began:.0f} s, {time.process_time() - used:.0f} s of processor time, "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most"
    )
    for probe in result.tables["label_probes"]:
        if isinstance(probe, LabelProbe):
            print(f"{probe.title}, {probe.unit}: AUROC {figures(probe)}, accuracy {probe.accuracy:.3f}")
    for verdict in result.verdicts:
        print(f"{verdict.code} {verdict.status}: {verdict.sentence}")


def main() -> None:
    """Check phantom populations, or a folder of images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--populations", type=int, default=12, help="populations without a plant")
    parser.add_argument("--planted", type=int, default=4, help="populations of each plant and strength")
    parser.add_argument("--first", type=int, default=0, help="seed of the first population")
    parser.add_argument("--plant", choices=["none", "corner-marker", "border-tone"], help="only this plant")
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--size", type=int, default=128, help="side of a slice in pixels")
    parser.add_argument("--images", type=Path, help="a folder of images, one sub-folder per class")
    arguments = parser.parse_args()
    if arguments.images is None:
        phantom_rows(arguments)
    else:
        folder_row(arguments)


if __name__ == "__main__":
    main()
