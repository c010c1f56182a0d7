"""Properties of an image file that identify nobody: a closed list, each with a closed set of levels.

DICOM texts are free, so a name may stand in any of them. None is passed on: a text is compared with the levels listed
here, and anything else is the level ``other``. Institution, station, serial number, software, dates, times, protocol, series
and study descriptions, and the names of people are not even parsed.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image

from xaudit.cases.images.dicom_file import Elements
from xaudit.records import IntArray

DICOM_PROPERTIES = ("Manufacturer", "ConvolutionKernel", "KVP", "ViewPosition", "PatientSex", "PatientAge")
"""The only DICOM elements that are read for attributes, beside those that the pixels need."""

OTHER = "other"

_MANUFACTURERS = (
    ("siemens", "siemens"),
    ("ge medical", "ge"),
    ("ge healthcare", "ge"),
    ("general electric", "ge"),
    ("philips", "philips"),
    ("canon", "canon"),
    ("toshiba", "toshiba"),
    ("fuji", "fujifilm"),
    ("agfa", "agfa"),
    ("carestream", "carestream"),
    ("kodak", "kodak"),
    ("konica", "konica"),
    ("hologic", "hologic"),
    ("lorad", "hologic"),
    ("samsung", "samsung"),
    ("hitachi", "hitachi"),
    ("shimadzu", "shimadzu"),
    ("united imaging", "united-imaging"),
    ("neusoft", "neusoft"),
    ("swissray", "swissray"),
    ("varian", "varian"),
    ("planmeca", "planmeca"),
)
_KERNELS = frozenset(
    {
        "standard", "bone", "boneplus", "lung", "soft", "detail", "edge", "chest", "ultra", "a", "b", "c", "d", "e", "l",
        "ya", "yb", "yc", "yd", "ye", "u",
    }
)  # fmt: skip
"""Kernels with names, of GE and Philips; those of Siemens and Canon are a letter or three and a number."""

_NUMBERED_KERNEL = re.compile(r"(?:[BDHJQSTU]|Bl|Br|Bv|Hr|Hp|Qr|Ur|Hc|FC)\d{2}[fhmsu]?", re.IGNORECASE)
_VIEWS = frozenset(
    {"AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LATERAL", "CC", "MLO", "ML", "LM", "LMO", "XCCL"}
)
_SEXES = {"F": "f", "M": "m", "O": OTHER}
_AGE = re.compile(r"(\d{3})([DWMY])")
_OLDEST = 80
_STEPS = np.array(
    [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
        87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
        72, 92, 95, 98, 112, 100, 103, 99,
    ]
)  # fmt: skip
"""Quantisation steps of brightness at quality 50."""


def raster_properties(data: bytes) -> tuple[tuple[str, str], ...]:
    """Return bit depth and JPEG quality of a PNG or JPEG that has been decoded once without an error."""
    with Image.open(BytesIO(data), formats=("PNG", "JPEG")) as image:
        depth = 1 if image.mode == "1" else 16 if image.mode.startswith("I") else 8
        properties = [("bit-depth", str(depth))]
        tables = getattr(image, "quantization", None)
    if tables:
        properties.append(("jpeg-quality", jpeg_quality(sum(tables[min(tables)]))))
    return tuple(properties)


def jpeg_quality(total: int) -> str:
    """Return the quality of a JPEG in tens, from the sum of its 64 quantisation steps of brightness.

    Source: the scaling of the standard's tables by the Independent JPEG Group's library, which most programs use.

    Example:
        >>> jpeg_quality(3688), jpeg_quality(64)
        ('50-59', '90-100')
    """
    quality = 1 + int(np.argmin(np.abs(_totals() - total)))
    tens = min(quality // 10 * 10, 90)
    return "90-100" if tens == 90 else f"{tens}-{tens + 9}"


@lru_cache(maxsize=1)
def _totals() -> IntArray:
    """Return the sum of the quantisation steps at each quality from 1 to 100."""
    scales = [5000 // quality if quality < 50 else 200 - 2 * quality for quality in range(1, 101)]
    return np.array([np.clip((_STEPS * scale + 50) // 100, 1, 255).sum() for scale in scales])


def dicom_properties(elements: Elements) -> tuple[tuple[str, str], ...]:
    """Return the properties of a DICOM image, each as one of its listed levels; those that the file lacks are left out."""
    readers: tuple[tuple[str, str, Callable[[str], str | None]], ...] = (
        ("dicom-manufacturer", "Manufacturer", manufacturer),
        ("dicom-kernel", "ConvolutionKernel", kernel),
        ("dicom-view", "ViewPosition", lambda text: text.lower() if text.upper() in _VIEWS else OTHER),
        ("dicom-sex", "PatientSex", lambda text: _SEXES.get(text.upper())),
        ("dicom-age", "PatientAge", age_band),
    )
    properties = [
        (name, read(text)) for name, keyword, read in readers if (text := elements.first_text(keyword))
    ]
    bits, kvp = elements.number("BitsStored"), elements.number("KVP")
    if bits is not None and bits == int(bits) and 1 <= bits <= 64:
        properties.append(("bit-depth", str(int(bits))))
    if kvp is not None and 10 <= kvp <= 300:
        properties.append(("dicom-kvp", str(round(kvp / 10) * 10)))
    return tuple((name, level) for name, level in properties if level is not None)


def manufacturer(text: str) -> str:
    """Return the manufacturer in one spelling, ``other`` for one that is not listed.

    Example:
        >>> manufacturer("SIEMENS Healthineers"), manufacturer("GE MEDICAL SYSTEMS"), manufacturer("Dr Jane Roe")
        ('siemens', 'ge', 'other')
    """
    known = text.strip().lower()
    if known == "ge":
        return known
    return next((name for word, name in _MANUFACTURERS if known.startswith(word)), OTHER)


def kernel(text: str) -> str:
    r"""Return the reconstruction kernel in lower case, ``other`` for one that is not listed.

    Example:
        >>> kernel("B30f"), kernel("Br40d\\3"), kernel("LUNG"), kernel("ROE, JANE")
        ('b30f', 'br40', 'lung', 'other')
    """
    known = text.strip()
    if known.lower() in _KERNELS:
        return known.lower()
    match = _NUMBERED_KERNEL.match(known)
    rest = "" if match is None else known[match.end() :]
    return match.group().lower() if match and re.fullmatch(r"[df]?(?:\\\d)?", rest) else OTHER


def age_band(text: str) -> str | None:
    """Return the decade of a DICOM age, with all from 80 on as one; None for a text that is no age.

    Example:
        >>> age_band("047Y"), age_band("093Y"), age_band("005M"), age_band("47")
        ('40-49', '80+', '0-9', None)
    """
    match = _AGE.fullmatch(text.strip().upper())
    if match is None:
        return None
    years = int(match[1]) if match[2] == "Y" else int(match[1]) // {"D": 365, "W": 52, "M": 12}[match[2]]
    decade = years // 10 * 10
    return f"{_OLDEST}+" if years >= _OLDEST else f"{decade}-{decade + 9}"
