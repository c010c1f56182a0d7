"""DICOM files written for the tests, with a patient whose name must never be seen again."""

from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

SECRET = "Doe^Jane"
SECRET_ID = "MRN-4711"
UID = "1.2.826.0.1.3680043.8.498.1234567890123456789"


def dicom_bytes(stored, *, uid=UID, syntax=ExplicitVRLittleEndian, without=(), **elements):
    """A CT slice with these stored values; further elements replace or add to the usual ones."""
    stored = np.asarray(stored)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = syntax
    file = Dataset()
    file.file_meta = meta
    file.SOPClassUID = CTImageStorage
    file.SOPInstanceUID = uid
    file.PatientName, file.PatientID = SECRET, SECRET_ID
    file.StudyDescription, file.InstitutionName = "a study of Jane", "Saint Elsewhere"
    file.Modality = "CT"
    file.Rows, file.Columns = stored.shape[:2]
    file.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    file.PhotometricInterpretation = "RGB" if stored.ndim == 3 else "MONOCHROME2"
    if stored.ndim == 3:
        file.PlanarConfiguration = 0
    bits = stored.dtype.itemsize * 8
    file.BitsAllocated = file.BitsStored = bits
    file.HighBit = bits - 1
    file.PixelRepresentation = int(stored.dtype.kind == "i")
    file.RescaleSlope, file.RescaleIntercept = "1", "-1024"
    file.PixelSpacing = ["0.7", "0.8"]
    file.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    file.PixelData = stored.tobytes()
    for name, value in elements.items():
        setattr(file, name, value)
    for name in without:
        delattr(file, name)
    stream = BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def slice_of(*values):
    """One row of stored 16-bit values."""
    return np.array([values], dtype=np.uint16)
