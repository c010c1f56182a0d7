"""Good files of every kind, small, to be damaged; each function gives the bytes of some."""

import gzip
import io
import json
import pickle
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


def tiffs():
    """Grey of 8 and 16 bits, packed in two ways, floats, colour, a palette, dark-is-large, and three pages."""
    grey = Image.fromarray((STORED * 2).astype(np.uint8))
    colour = Image.merge("RGB", [grey, grey, grey])
    return [
        _saved(grey, "TIFF"),
        _saved(Image.fromarray(STORED * 500), "TIFF", compression="tiff_deflate"),
        _saved(Image.fromarray((STORED / 500).astype(np.float32)), "TIFF"),
        _saved(colour, "TIFF", compression="tiff_lzw"),
        _saved(colour, "TIFF", compression="jpeg"),
        _saved(grey.convert("P"), "TIFF"),
        _saved(grey, "TIFF", tiffinfo={262: 0}),
        _saved(grey, "TIFF", save_all=True, append_images=[colour, grey]),
        _saved(grey, "TIFF", big_tiff=True),
    ]


def maps():
    """One map in each kind of file, by name."""
    values = (STORED / 500).astype(np.float32)
    tensor = torch.from_numpy(values)
    npy, npz, archive, older, packed = (io.BytesIO() for _ in range(5))
    np.save(npy, values)
    np.savez(npz, values)
    np.savez_compressed(packed, map=values, other=values)
    torch.save({"map": tensor, "epoch": 3}, archive)
    torch.save(tensor, older, _use_new_zipfile_serialization=False)
    volume = nibabel.Nifti1Image(values.T[:, :, None], np.diag([-1.0, -1, 1, 1])).to_bytes()
    return {
        "a.npy": npy.getvalue(),
        "b.npz": npz.getvalue(),
        "c.npz": packed.getvalue(),
        "d.pt": archive.getvalue(),
        "e.pth": older.getvalue(),
        "f.png": _saved(Image.fromarray((STORED * 2).astype(np.uint8)), "PNG"),
        "g.nii": volume,
        "h.nii.gz": gzip.compress(volume, mtime=0),
        "i.pkl": pickle.dumps({"map": tensor[None, None], "task": "Edema"}),
        "j.pickle": pickle.dumps({"map": values, "n": np.float64(3)}, protocol=2),
    }


def predictions():
    """What an external model said, as the tables that it may stand in."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"image": ["a.png", "b.png"], "cancer": [0.8, 0.1], "normal": [0.2, 0.9], "site": ["x", None]}
    parquet = io.BytesIO()
    pq.write_table(pa.table(columns), parquet)
    return {
        "a.csv": b"image,cancer,normal\na.png,0.8,0.2\nb.png,0,1\n",
        "b.csv": b"case_id;label;score\na;cancer;0.8\nb;normal;1\n",
        "c.parquet": parquet.getvalue(),
    }


def dicoms():
    """Plain, colour, deflated, run-length coded, and of three frames."""
    plain = dicom_bytes(STORED, WindowCenter="50", WindowWidth="80", PixelPaddingValue=3)
    packed = dcmread(io.BytesIO(plain))
    packed.compress(RLELossless, generate_instance_uid=False)
    again = io.BytesIO()
    packed.save_as(again, enforce_file_format=True)
    colour = np.dstack([STORED.astype(np.uint8)] * 3)
    several = dcmread(io.BytesIO(plain))
    several.NumberOfFrames, several.PixelData = 3, STORED.tobytes() * 3
    frames = io.BytesIO()
    several.save_as(frames, enforce_file_format=True)
    return [
        plain,
        dicom_bytes(colour),
        dicom_bytes(STORED, syntax=DeflatedExplicitVRLittleEndian),
        again.getvalue(),
        frames.getvalue(),
    ]


def arrays():
    """NumPy arrays of bytes, of 16 bits, of shares, and in colour."""
    grey = (STORED * 2).astype(np.uint8)
    contents = []
    for values in (grey, (STORED * 500).astype(np.uint16), grey / 255, np.stack([grey] * 3, axis=-1)):
        stream = io.BytesIO()
        np.save(stream, values)
        contents.append(stream.getvalue())
    return contents


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
