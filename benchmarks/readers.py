"""How long reading marks and labels takes, and with ``--against`` how long it takes with the code of another checkout.

Usage: python benchmarks/readers.py [--images 2000] [--rounds 3] [--against OTHER_CHECKOUT]

Each format gets a folder or file of one box on each image. Times are CPU seconds of one read, each in a process of its own;
the lowest of the rounds counts, and the two checkouts take turns.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FRAME = 64
BOX = (8, 10, 20, 30)  # x0, y0, x1, y1
HERE = Path(__file__).resolve().parent.parent

READ = """
import sys, time
from pathlib import Path
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.names.image_index import ImageIndex
from xaudit.cases.table import read_table
from xaudit.config import AnnotationSection
what, place, n = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
paths = {f"p{i % 50}/s{i}.png": f"p{i % 50}/s{i}" for i in range(n)}
index = ImageIndex(paths, dict.fromkeys(paths.values(), (64, 64)))
start = time.process_time()
if what == "labels":
    found = read_table(place, place.parent)
else:
    found = read_annotations(AnnotationSection(path=place), index, merge={})[0]
seconds = time.process_time() - start
assert len(found) == n, len(found)
print(seconds)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path)
    asked = parser.parse_args()
    checkouts = [HERE, *([asked.against.resolve()] if asked.against else [])]
    with tempfile.TemporaryDirectory() as folder:
        places = write_all(Path(folder), asked.images)
        print(f"CPU seconds for {asked.images} images, lowest of {asked.rounds}")
        for what, place in places.items():
            seconds = [[] for _ in checkouts]
            for _ in range(asked.rounds):
                for times, checkout in zip(seconds, checkouts, strict=True):
                    times.append(read_once(checkout, what, place, asked.images))
            lowest = [min(times) for times in seconds]
            ratio = f"   {lowest[0] / lowest[1]:.2f} x the other's {lowest[1]:.3f}" if asked.against else ""
            print(f"{what:14} {lowest[0]:.3f}{ratio}")


def read_once(checkout, what, place, n):
    environment = {**os.environ, "PYTHONPATH": str(checkout / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ, what, str(place), str(n)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{what} with {checkout.name}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def write_all(folder, n):
    """The folder or file of each format, by name."""
    names = [f"p{index % 50}/s{index}" for index in range(n)]
    x0, y0, x1, y1 = BOX
    share = " ".join(f"{value / FRAME:.6f}" for value in ((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0))
    voc = (
        f"<annotation><size><width>{FRAME}</width><height>{FRAME}</height></size><object><name>a</name><bndbox>"
        f"<xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object></annotation>"
    )
    shape = {"label": "a", "shape_type": "rectangle", "points": [[x0, y0], [x1, y1]]}
    labelme = json.dumps({"shapes": [shape], "imageHeight": FRAME, "imageWidth": FRAME, "imagePath": None})
    for kind, suffix, text in (
        ("voc", ".xml", voc),
        ("yolo", ".txt", f"0 {share}\n"),
        ("labelme", ".json", labelme),
    ):
        for name in names:
            path = folder / kind / (name + suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    coco = {
        "images": [
            {"id": i, "file_name": f"{name}.png", "width": FRAME, "height": FRAME}
            for i, name in enumerate(names)
        ],
        "annotations": [
            {"id": i, "image_id": i, "category_id": 1, "bbox": [x0, y0, x1 - x0, y1 - y0]} for i in range(n)
        ],
        "categories": [{"id": 1, "name": "a"}],
    }
    (folder / "coco.json").write_text(json.dumps(coco))
    write_table(
        folder / "boxes.csv", ("image", "x0", "y0", "x1", "y1"), ((f"{name}.png", *BOX) for name in names)
    )
    rows = (
        (f"{name}.png", "ill" if i % 2 else "well", name.partition("/")[0]) for i, name in enumerate(names)
    )
    write_table(folder / "labels.csv", ("image", "label", "patient"), rows)
    for name in names:  # the table's images have to be there
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{name}.png").touch()
    files = {"voc": "voc", "yolo": "yolo", "labelme": "labelme", "coco": "coco.json", "boxes": "boxes.csv"}
    return {**{what: folder / name for what, name in files.items()}, "labels": folder / "labels.csv"}


def write_table(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


if __name__ == "__main__":
    main()
