"""Copies: planted ones found, false pairs, seconds and memory, on real CT slices, the phantom and 20,000 synthetic images.

    python benchmarks/leakage.py [ct] [phantom] [large] [--images 20000] [--plants 60] [--slices FOLDER]

Real slices are read from ../shared/data/iq-oth-nccd or another folder, and skipped if they are not there. The large study is made of bent
phantom slices, each bent its own way and with its own noise, so that no two are copies.
"""

import argparse
import csv
import io
import resource
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.fft import dct
from scipy.ndimage import gaussian_filter, map_coordinates

from xaudit.cases import load_dataset
from xaudit.cases.phantom.study import write_phantom
from xaudit.config import CopiesSection, DataSection, PhantomSection, SplitSection
from xaudit.engine.threads import one_blas_thread
from xaudit.screening.copies.check import check_copies
from xaudit.screening.copies.small_copies import pixel_digest

CT = Path(__file__).parents[2] / "shared" / "data" / "iq-oth-nccd"


def cropped(values, rng):
    """A part of 95 % of both sides, anywhere."""
    height, width = (round(0.95 * side) for side in values.shape)
    top = rng.integers(0, values.shape[0] - height + 1)
    left = rng.integers(0, values.shape[1] - width + 1)
    return values[top : top + height, left : left + width]


def inner(values, _):
    """5 % off every edge."""
    top, left = (round(0.05 * side) for side in values.shape)
    return values[top:-top, left:-left]


def compressed(quality):
    def change(values, _):
        data = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(values)).save(data, "JPEG", quality=quality)
        return np.asarray(Image.open(data))

    return change


def brighter(values, _):
    return np.clip(np.rint(values * 1.1), 0, 255).astype(np.uint8)


def lighter(values, _):
    return np.clip(values.astype(int) + 25, 0, 255).astype(np.uint8)


def resized(across, down):
    def change(values, _):
        size = (round(across * values.shape[1]), round(down * values.shape[0]))
        return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BICUBIC))

    return change


CHANGES = {
    "mirrored": lambda values, _: values[:, ::-1],
    "upside down": lambda values, _: values[::-1],
    "quarter turn": lambda values, _: np.rot90(values),
    "cropped to 95 %": cropped,
    "5 % off each edge": inner,
    "JPEG quality 50": compressed(50),
    "JPEG quality 75": compressed(75),
    "brightness x 1.1": brighter,
    "brightness + 25": lighter,
    "resized to 50 %": resized(0.5, 0.5),
    "resized to 75 x 60 %": resized(0.75, 0.6),
    "mirrored, cropped, brighter, JPEG": lambda values, rng: compressed(75)(
        brighter(cropped(values[:, ::-1], rng), rng), rng
    ),
}


class Study:
    """Images on disk with the source that each one shows."""

    def __init__(self, folder):
        self.folder = folder
        self.rows = []
        self.source = {}

    def add(self, name, values, label, patient, source):
        Image.fromarray(np.ascontiguousarray(values)).save(self.folder / f"{name}.png", compress_level=1)
        self.rows.append((f"{name}.png", label, patient))
        self.source[name] = source

    def check(self):
        names = ("image", "label", "patient") if self.rows[0][2] else ("image", "label")
        with (self.folder / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([names, *(row[: len(names)] for row in self.rows)])
        section = DataSection(format="csv", images=self.folder, labels=self.folder / "labels.csv")
        data = load_dataset(section, dataset_id="data", workspace=self.folder, on_progress=lambda _: None)
        return timed_check(data)


def timed_check(data):
    stages = {}
    wall, cpu = time.perf_counter(), time.process_time()

    def progress(one):
        stages.setdefault(one.note, time.process_time() - cpu)

    with one_blas_thread():
        check = check_copies(data, CopiesSection(), split=SplitSection(), on_progress=progress)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  {len(data.cases):,} images: {wall:.0f} s ({cpu:.0f} s of processor time), memory at most {peak:.0f} MB",
        flush=True,
    )
    starts = ", ".join(f"{note} from {start:.0f} s" for note, start in stages.items())
    print(f"  processor time: {starts}", flush=True)
    return check


def plant(study, sources, n_plants, rng):
    """Add n_plants changed copies of each kind, each of its own source (name, values, label, patient)."""
    order = list(rng.permutation(len(sources)))
    planted = {}
    for number, (kind, change) in enumerate(CHANGES.items()):
        for _ in range(min(n_plants, len(sources) // len(CHANGES))):
            name, values, label, patient = sources[order.pop()]
            copy = f"copy-{number}-{name}"
            study.add(copy, change(values, rng), label, patient, study.source[name])
            planted[copy] = kind
    return planted


def report(study, check, planted):
    """Print the share of planted copies found, and the false pairs."""
    found, false = defaultdict(set), []
    slices = Counter()
    patients = {name.removesuffix(".png"): patient for name, _, patient in study.rows}
    for row in check.tables["copies"]:
        same = study.source[row.case_a] == study.source[row.case_b]
        if row.is_copy and same:
            for name in (row.case_a, row.case_b):
                found[planted.get(name)].add(name)
        elif row.is_copy:
            false.append(row)
        else:
            slices[same, patients[row.case_a] == patients[row.case_b]] += 1
    for kind, n in Counter(planted.values()).items():
        share = len(found[kind]) / n
        print(f"  {kind:34} found {len(found[kind])} of {n} ({100 * share:.0f} %)")
    rate = 1000 * len(false) / len(study.rows)
    print(f"  false pairs: {len(false)}, {rate:.2f} per 1,000 images")
    for row in false[:5]:
        print(
            f"    {row.case_a} and {row.case_b}: detail {row.detail}, likeness {row.likeness:.4f}, {row.change}"
        )
    if patients and next(iter(patients.values())):
        print(f"  'neighbouring slice' of different patients: {slices[False, False] + slices[True, False]}")
    print(
        f"  a planted copy that was called a neighbouring slice only: {slices[True, True] + slices[True, False]}"
    )


def perceptual_hashes(images):
    """64-bit perceptual hashes as ImageHash's phash computes them."""
    small = [
        np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.LANCZOS), dtype=float)
        for one in images
    ]
    low = np.stack([dct(dct(one, axis=0), axis=1)[:8, :8] for one in small]).reshape(len(images), -1)
    return low > np.median(low, axis=1, keepdims=True)


def report_hashes(study, planted):
    """Print what plain perceptual hashes find on the same images, mirrored ones by a hash of the mirror image."""
    names = list(study.source)
    images = [np.asarray(Image.open(study.folder / f"{name}.png").convert("L")) for name in names]
    bits, mirrored = perceptual_hashes(images), perceptual_hashes([one[:, ::-1] for one in images])
    sources = np.array([study.source[name] for name in names])
    for most in (0, 4, 8, 12):
        hits, false = Counter(), 0
        for place, name in enumerate(names):
            distance = np.minimum((bits[place] != bits).sum(1), (bits[place] != mirrored).sum(1))
            near = (distance <= most) & (np.arange(len(names)) != place)
            hits[planted.get(name)] += bool((near & (sources == sources[place])).any())
            false += int((near & (sources != sources[place])).sum())
        counts = Counter(planted.values())
        shares = ", ".join(f"{kind} {100 * hits[kind] / n:.0f} %" for kind, n in counts.items())
        print(
            f"  plain pHash, distance at most {most}: {shares}; false pairs {500 * false / len(names):.1f} per 1,000 images"
        )


def real_slices(folder_of_slices, n_plants, rng):
    if not folder_of_slices.is_dir():
        print("real slices: skipped, the data set is not beside the checkout")
        return
    print("IQ-OTH/NCCD as it is")
    section = DataSection(format="folder", images=folder_of_slices)
    data = load_dataset(section, dataset_id="data", workspace=folder_of_slices, on_progress=lambda _: None)
    check = timed_check(data)
    rows = check.tables["copies"]
    for kind, n in Counter(row.kind for row in rows).items():
        across = sum(row.kind == kind and row.label_a != row.label_b for row in rows)
        print(f"  {kind}: {n} pairs, {across} of them over classes")
    sizes = Counter(row.group for row in check.tables["groups"])
    print(f"  groups: {len(sizes)}, of {sum(sizes.values())} images; largest {max(sizes.values())}")
    for seed in range(3):
        test = set(
            np.random.default_rng(seed).permutation([case.case_id for case in data.cases])[
                : len(data.cases) * 3 // 10
            ]
        )
        leaks = [
            {name for row in rows if row.is_copy == copies for name, other in ((row.case_a, row.case_b), (row.case_b, row.case_a)) if name in test and other not in test}
            for copies in (True, False)
        ]  # fmt: skip
        print(
            f"  random split {seed}: of {len(test)} test images {len(leaks[0])} have a copy in training, {len(leaks[1])} a "
            f"neighbouring slice, {len(leaks[0] | leaks[1])} either"
        )
    known = {frozenset((row.case_a, row.case_b)) for row in rows if row.is_copy}
    print("IQ-OTH/NCCD with planted copies")
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder))
        sources, first = [], {}
        for number, case in enumerate(data.cases):
            values = np.asarray(Image.open(folder_of_slices / case.path).convert("L"))
            source = first.setdefault(pixel_digest(data.pixels(case)), number)
            for pair in known:
                if case.case_id in pair:
                    source = min(source, *(first.get(name, source) for name in pair))
            first[case.case_id] = source
            study.add(f"{number:04d}", values, case.label, "", source)
            sources.append((f"{number:04d}", values, case.label, ""))
        planted = plant(study, sources, n_plants, rng)
        report(study, study.check(), planted)
        report_hashes(study, planted)


def phantom_images(folder, n_patients, size, slices=5):
    write_phantom(
        PhantomSection(patients=n_patients, slices=slices, size=size), folder, on_progress=lambda _: None
    )
    with (folder / "labels.csv").open() as file:
        return [
            (
                Path(row["image"]).stem,
                np.asarray(Image.open(folder / "images" / row["image"]).convert("L")),
                row["label"],
                row["patient"],
            )
            for row in csv.DictReader(file)
        ]


def phantom(n_plants, rng, n_patients):
    print(f"phantom, {n_patients} patients, 5 slices each, with planted copies")
    with tempfile.TemporaryDirectory() as folder:
        sources = phantom_images(Path(folder) / "phantom", n_patients, 256)
        study = Study(Path(folder))
        for name, values, label, patient in sources:
            study.add(name, values, label, patient, name)
        planted = plant(study, sources, n_plants, rng)
        report(study, study.check(), planted)
        report_hashes(study, planted)


def bent(values, rng):
    """Bend an image smoothly by up to 5 % of its side, and add noise."""
    shift = [gaussian_filter(rng.standard_normal(values.shape), 14) for _ in range(2)]
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]]
    shift = [one * (0.05 * values.shape[0] / np.abs(one).max()) for one in shift]
    moved = map_coordinates(
        values.astype(np.float32), [rows + shift[0], columns + shift[1]], order=1, mode="nearest"
    )
    return np.clip(np.rint(moved + rng.normal(0, 4, values.shape)), 0, 255).astype(np.uint8)


def large(n_images, n_plants, rng):
    print(f"{n_images:,} synthetic images, with planted copies")
    with tempfile.TemporaryDirectory() as folder:
        base = phantom_images(Path(folder) / "phantom", 100, 128)
        study = Study(Path(folder))
        sources = []
        n_copies = min(n_plants, n_images // (2 * len(CHANGES))) * len(CHANGES)
        for number in range(n_images - n_copies):
            _, values, label, _ = base[number % len(base)]
            name = f"{number:05d}"
            image = bent(values, rng)
            study.add(name, image, label, "", number)
            if number < 4 * n_copies:
                sources.append((name, image, label, ""))
        planted = plant(study, sources, n_plants, rng)
        report(study, study.check(), planted)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=["ct", "phantom", "large"])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--plants", type=int, default=60)
    parser.add_argument("--slices", type=Path, default=CT, help="the data set IQ-OTH/NCCD")
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    if "ct" in asked.parts:
        real_slices(asked.slices, asked.plants, rng)
    if "phantom" in asked.parts:
        phantom(asked.plants, rng, asked.patients)
    if "large" in asked.parts:
        large(asked.images, asked.plants, rng)


if __name__ == "__main__":
    main()
