"""A study of images whose maps and predictions are given as files: its audit asks no network and takes a second."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

AUDIT = """\
name: s
data: {format: csv, images: images, labels: labels.csv, annotations: {path: marks}}
models: [{id: m, source: external, predictions: predictions.csv, maps: {given: maps}}]
metrics: [iou]
controls: [centre]
statistics: {replicates: 100}
report: {html: false}
run: {figures: 0}
"""


def write_study(place, named, saliency, further=""):
    """Write images of 32 × 32, every other one marked and right, with all that their audit reads.

    Args:
        named: name and patient of each image.
        saliency: gives the map of the k-th image from its mark, (32, 32).
        further: lines of the audit file after the others.
    """
    for name in ("images", "maps", "marks"):
        (place / name).mkdir()
    labels, answers = ["image,label,patient,split"], ["image,cancer,normal"]
    for k, (name, patient) in enumerate(named):
        ill = k % 2 == 0
        Image.fromarray(np.full((32, 32), 90 + k, np.uint8)).save(place / "images" / f"{name}.png")
        mark = np.zeros((32, 32), np.uint8)
        mark[4 + k : 12 + k, 6:14] = 255
        np.save(place / "maps" / f"{name}.npy", saliency(k, mark > 0).astype(np.float32))
        if ill:
            Image.fromarray(mark).save(place / "marks" / f"{name}.png")
        labels.append(f"{name}.png,{'cancer' if ill else 'normal'},{patient},test")
        answers.append(f"{name}.png,{0.9 if ill else 0.1},{0.1 if ill else 0.9}")
    (place / "labels.csv").write_text("\n".join(labels) + "\n")
    (place / "predictions.csv").write_text("\n".join(answers) + "\n")
    (place / "audit.yaml").write_text(AUDIT + further)


def audited(place):
    """Carry out the audit of a folder, and return its run folder."""
    from xaudit.cli.boundary import run_command_line

    before = Path.cwd()
    os.chdir(place)
    try:
        assert run_command_line(["run", "audit.yaml", "-o", "runs", "-q"]) == 0
    finally:
        os.chdir(before)
    [run] = (place / "runs").iterdir()
    return run
