"""DICOM files whose every text, date, number and UID about a person or a place is a mark that can be found again.

Marks are told by their stem, since a tool that cuts or joins texts keeps it; the digits behind it say which element it was.
"""

import base64
import re
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom import config
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

STEM = "QZXQJWKV"
UID_STEM = "1.2.826.0.1.3680043.8.498.1874"
FOLDER = "QZFOLDERKV"
NAME = "QZNAMEKVJ"

GROUPS = (0x0008, 0x0010, 0x0012, 0x0018, 0x0020, 0x0032, 0x0038, 0x0040, 0x0088, 0x4008, 0x4010)
"""Identification, patient, trial, acquisition and device, relationship, study, visit, procedure, storage, results."""

_READ = {
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "PatientID", "Modality"),
    *("ImageOrientationPatient", "ImageType", "DataSetTrailingPadding"),
}
"""What decides how the file is read, or is set by hand."""

_TEXTS = {"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT"}

LONE_NUMBERS = re.compile(rb"(?<![\d.])(?:187[1-3][01]\d[0-3]\d|1877\d{5})(?!\d)|(?<!\d)187Y")
"""Dates from 1871 on, whole and decimal numbers, and an age."""


def value_for(vr, number):
    """A valid value that says which element it stands in; None for what holds no text."""
    match vr:
        case vr if vr in _TEXTS:
            return f"{STEM}{number:05d}"
        case "PN":
            return f"{STEM}{number:05d}^Jane^^Dr"
        case "UR":
            return f"https://{STEM}{number:05d}.example"
        case "UI":
            return f"{UID_STEM}.{number}"
        case "DA":
            return f"{1871 + number % 3}{number % 12 + 1:02d}{number % 28 + 1:02d}"
        case "DT":
            return f"18760101235917.{number:06d}"
        case "TM":
            return f"235917.{187500 + number % 100}"
        case "AS":
            return "187Y"
        case "IS" | "DS":
            return f"1877{number:05d}"
        case _:
            return None


def marked_dataset():
    """Every element of :data:`GROUPS` that can hold a text, two sequences, and private blocks."""
    file = Dataset()
    number = 0
    for tag, (vr, _, _, _, keyword) in sorted(DicomDictionary.items()):
        value = value_for(vr, number)
        if Tag(tag).group in GROUPS and value is not None and keyword not in _READ:
            file.add(DataElement(tag, vr, value, validation_mode=config.IGNORE))
            number += 1
    item = Dataset()
    item.PatientID, item.IssuerOfPatientID = value_for("LO", 90001), value_for("LO", 90002)
    inner = Dataset()
    inner.CodeMeaning = value_for("LO", 90003)
    item.ProcedureCodeSequence = Sequence([inner])
    file.OtherPatientIDsSequence = Sequence([item])
    file.RequestAttributesSequence = Sequence([item])
    for group in (0x0009, 0x0029, 0x00E1):
        block = file.private_block(group, value_for("LO", 91000 + group), create=True)
        block.add_new(0x01, "LO", value_for("LO", 92000 + group))
        block.add_new(0x02, "OB", f"{STEM}93000 ".encode())
        block.add_new(0x03, "UN", f"{STEM}94000 ".encode("utf-16-le"))
    file.WindowCenterWidthExplanation = value_for("LO", 95000)
    file.DataSetTrailingPadding = f"{STEM}96000 ".encode()
    return file, number


def marked_file(base, stored, *, patient, instance):
    """The bytes of one CT slice, its preamble and meta information marked as well.

    Args:
        base: of :func:`marked_dataset`.
        stored: (H, W) uint16.
    """
    uid = f"{UID_STEM}.77.{instance}"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.SourceApplicationEntityTitle = value_for("AE", 97000)
    meta.ImplementationVersionName = value_for("SH", 97001)
    meta.PrivateInformationCreatorUID = f"{UID_STEM}.97002"
    meta.PrivateInformation = f"{STEM}97003 ".encode()
    file = Dataset()
    file.update(base)
    file.file_meta, file.preamble = meta, f"{STEM}98000".encode().ljust(128, b"\0")
    file.SOPClassUID, file.SOPInstanceUID, file.Modality = CTImageStorage, uid, "CT"
    file.PatientID = f"{STEM}99{patient:03d}"
    file.Rows, file.Columns = stored.shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated = file.BitsStored = 16
    file.HighBit, file.PixelRepresentation = 15, 0
    file.PixelSpacing = ["0.7", "0.8"]
    file.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    file.PixelData = np.asarray(stored, np.uint16).tobytes()
    stream = BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@dataclass(frozen=True)
class Found:
    """A mark and where it stands."""

    place: str
    form: str
    context: bytes


def forms(stem):
    """A stem as it may be written down: plain, in 16 bits, in hex, and in base 64 at each of its three places."""
    plain = stem.encode()
    found = {
        "plain": plain.lower(),
        "16 bits, low byte first": stem.lower().encode("utf-16-le"),
        "16 bits, high byte first": stem.lower().encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "reversed": plain[::-1].lower(),
    }
    for text, name in ((plain, "base 64"), (stem.encode("utf-16-le"), "base 64 of 16 bits")):
        for shift in range(3):
            code = base64.b64encode(b"\0" * shift + text)
            # The first and last signs also hold bits of what stands before and after.
            found[f"{name}, {shift}"] = code[-(-8 * shift // 6) : len(text + b"\0" * shift) * 8 // 6]
    return found


def marks_in(place, data, stems):
    """Every mark in some bytes; base 64 is searched as it is, all else in any case."""
    small = data.lower()
    found = []
    for stem in stems:
        for form, code in forms(stem).items():
            hay = data if form.startswith("base") else small
            at = hay.find(code)
            if at >= 0:
                found.append(Found(place, f"{stem}: {form}", data[max(0, at - 30) : at + 40]))
    return found


def numbers_in(place, data):
    """Every date, number and age that only the files hold."""
    return [
        Found(place, "number", data[max(0, one.start() - 30) : one.end() + 10])
        for one in LONE_NUMBERS.finditer(data)
    ]
