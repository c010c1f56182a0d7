"""Good files of every kind, small, to be damaged; each function gives the bytes of some."""

import gzip
import io
import json
import sys
from pathlib import Path

import nibabel
import numpy as np
import torch
import yaml
from PIL import Image
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless
from safetensors.torch import save

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "cases"))

from dicom_files import dicom_bytes  # noqa: E402

HEIGHT, WIDTH = 12, 10
STORED = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH)


def rasters():
    """PNG in grey, 16 bits, colour with alpha, palette; JPEG with EXIF."""
    grey = (STORED * 2).astype(np.uint8)
    colour = np.dstack([grey, grey[::-1], grey, 255 - grey])
    palette = Image.fromarray(grey).convert("P")
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        _saved(Image.fromarray(grey), "PNG"),
        _saved(Image.fromarray(STORED * 500), "PNG"),
        _saved(Image.fromarray(colour), "PNG"),
        _saved(palette, "PNG", transparency=3),
        _saved(Image.fromarray(colour[:, :, :3]), "JPEG", exif=exif),
    ]


def dicoms():
    """Plain, colour, deflated and run-length coded."""
    plain = dicom_bytes(STORED, WindowCenter="50", WindowWidth="80", PixelPaddingValue=3)
    packed = dcmread(io.BytesIO(plain))
    packed.compress(RLELossless, generate_instance_uid=False)
    again = io.BytesIO()
    packed.save_as(again, enforce_file_format=True)
    colour = np.dstack([STORED.astype(np.uint8)] * 3)
    return [
        plain,
        dicom_bytes(colour),
        dicom_bytes(STORED, syntax=DeflatedExplicitVRLittleEndian),
        again.getvalue(),
    ]


def niftis():
    """A volume of three slices, as it is and packed."""
    volume = (np.arange(WIDTH * HEIGHT * 3) % 5 == 0).astype(np.int16).reshape(WIDTH, HEIGHT, 3)
    data = nibabel.Nifti1Image(volume, np.diag([-1.0, -1, 1, 1])).to_bytes()
    return [data, gzip.compress(data, mtime=0)]


def state():
    """The weights of :class:`tiny_networks.Tiny`, by name."""
    return {
        "features.weight": torch.arange(12.0).reshape(3, 4),
        "features.bias": torch.ones(3),
        "head.weight": torch.zeros(2, 3),
        "head.bias": torch.zeros(2),
    }


def network():
    """The network whose weights :func:`state` holds."""
    return torch.nn.ModuleDict({"features": torch.nn.Linear(4, 3), "head": torch.nn.Linear(3, 2)})


def checkpoints():
    """Safetensors with xaudit's notes, torch's archive, and torch's older file."""
    notes = {"xaudit": json.dumps({"class_names": ["cancer", "normal"]})}
    archive, older = io.BytesIO(), io.BytesIO()
    torch.save({"epoch": 3, "state_dict": state()}, archive)
    torch.save(state(), older, _use_new_zipfile_serialization=False)
    return [save(state(), metadata=notes), archive.getvalue(), older.getvalue()]


def labels():
    """Tables of images, separated by commas and by semicolons."""
    rows = [
        "image,label,patient,split,spacing_row_mm,spacing_col_mm,site,augmented",
        "a.png,cancer,p1,train,0.7,0.8,north,no",
        'b.png,normal,"p 2",test,,,,yes',
    ]
    return ["\n".join(rows).encode(), b"image;label\na.png;cancer\nb.png;normal\n"]


AUDIT = {
    "name": "known",
    "data": {
        "format": "csv",
        "images": "images",
        "labels": "labels.csv",
        "annotations": {"path": "marks.json", "readers": "union"},
        "regions": {"lungs": "lungs"},
    },
    "models": [{"id": "net", "source": "torchvision", "architecture": "resnet18", "weights": "net.pt"}],
    "explainers": ["gradcam", {"name": "lime", "samples": 100}],
    "metrics": ["iou", {"name": "pointing-game", "tolerance_px": 3}],
    "gates": ["iou >= 0.2", {"gate": "pointing-game >= 0.5", "informational": True}],
    "statistics": {"confidence": 0.9},
    "run": {"batch_size": 4, "max_error_rate": 0.1},
    "seed": 1,
}


def audit_files():
    """An audit file with most kinds of values, in YAML and in TOML."""
    in_toml = "\n".join(
        [
            'name = "known"',
            "seed = 1",
            'metrics = ["iou"]',
            'explainers = ["gradcam", {name = "lime", samples = 100}]',
            "[data]",
            'format = "folder"',
            'images = "images"',
            "[[models]]",
            'id = "net"',
            'source = "torchvision"',
            'architecture = "resnet18"',
        ]
    )
    return [yaml.safe_dump(AUDIT, sort_keys=False).encode(), in_toml.encode()]


def _saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
