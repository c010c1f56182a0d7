"""RT structure sets: from millimetres in the patient to pixels of the slice, holes, readers, refusals.

rt-utils wrote the files in ``files/rtstruct``, and SimpleITK placed the points of the oblique one; see the README beside them.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from case_files import refused, write_image
from dicom_files import SECRET, dicom_bytes
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from xaudit.cases.images.plane import Plane
from xaudit.cases.marks.annotation_files import read_annotations
from xaudit.cases.marks.formats.rtstruct import inside_outlines
from xaudit.cases.names.image_index import ImageIndex
from xaudit.config import AnnotationSection
from xaudit.errors import DataError
from xaudit.geometry import rasterise

FILES = Path(__file__).parent / "files" / "rtstruct"
UID = "1.3.6.1.4.1.99999.1.2.3"
FRAME = (40, 60)
AXIAL = Plane((-20.25, 11.5, 30), (1, 0, 0), (0, 1, 0), (0.75, 0.75), "1.9")
ABOVE = Plane((-20.25, 11.5, 32.5), (1, 0, 0), (0, 1, 0), (0.75, 0.75), "1.9")
STORAGE = "1.2.840.10008.5.1.4.1.1.481.3"


def index(plane=AXIAL, frame=FRAME):
    planes = {} if plane is None else {"a": plane, "b": ABOVE}
    return ImageIndex(
        {"a.dcm": "a", "b.dcm": "b"}, {"a": frame, "b": frame}, {UID: "a", UID[:-1] + "4": "b"}, planes=planes
    )


def square(x0, y0, x1, y1, z=30.0):
    """The outline through these pixel edges of the axial slice, in millimetres."""
    return [
        value
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        for value in (-20.25 + 0.75 * (x - 0.5), 11.5 + 0.75 * (y - 0.5), z)
    ]


def structure_set(
    *contours,
    uid=UID,
    kind="CLOSED_PLANAR",
    space="1.9",
    name="nodule",
    frame=None,
    syntax=ExplicitVRLittleEndian,
):
    file, meta = Dataset(), FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = syntax, STORAGE
    meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID = "1.2.3"
    file.file_meta, file.SOPClassUID, file.PatientName = meta, STORAGE, SECRET
    structure = Dataset()
    structure.ROINumber, structure.ROIName, structure.ReferencedFrameOfReferenceUID = 7, name, space
    file.StructureSetROISequence = [structure]
    drawn = Dataset()
    drawn.ReferencedROINumber, drawn.ContourSequence = 7, []
    for points in contours:
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points) // 3
        contour.ContourData = [f"{value:.6f}" for value in points]
        if uid is not None:
            source = Dataset()
            source.ReferencedSOPInstanceUID = uid
            if frame is not None:
                source.ReferencedFrameNumber = frame
            contour.ContourImageSequence = [source]
        drawn.ContourSequence.append(contour)
    file.ROIContourSequence = [drawn]
    stream = BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def read(path, images=None, **settings):
    found, *_ = read_annotations(AnnotationSection(path=path, **settings), images or index(), merge={})
    return found


def pixels(mark, frame=FRAME):
    return np.argwhere(rasterise(mark.region, frame)).tolist()


@pytest.fixture
def saved(tmp_path):
    def save(*contours, **more):
        path = tmp_path / "structures.dcm"
        path.write_bytes(structure_set(*contours, **more))
        return path

    return save


def test_an_outline_in_an_outline_is_a_hole():
    # rt-utils drew a square with a hole of rows 8 to 11, columns 13 to 16, through the centres of the pixels around both.
    ring = np.zeros(FRAME, dtype=bool)
    ring[5:17, 10:20] = True
    ring[8:12, 13:17] = False
    (mark,) = read(FILES / "ring.dcm")
    assert mark.label == "ring"
    assert np.array_equal(rasterise(mark.region, FRAME), ring)


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
def test_outlines_between_pixel_edges_take_the_pixels_between_them(saved, kind):
    (mark,) = read(saved(square(10, 5, 14, 8), square(11, 6, 12, 7), kind=kind))
    rows = [[row, column] for row in (5, 6, 7) for column in (10, 11, 12, 13) if (row, column) != (6, 11)]
    assert pixels(mark) == rows


@pytest.mark.parametrize(
    ("plane", "shift"),
    [
        (Plane((-20.25 + 0.75, 11.5, 30), (1, 0, 0), (0, 1, 0), (0.75, 0.75)), (0, -1)),
        (Plane((-20.25, 11.5 - 0.75, 30), (1, 0, 0), (0, 1, 0), (0.75, 0.75)), (1, 0)),
    ],
)
def test_a_slice_that_lies_one_pixel_elsewhere_gets_the_mark_one_pixel_elsewhere(saved, plane, shift):
    path = saved(square(10, 5, 14, 8))
    (here,), (there,) = read(path), read(path, index(plane))
    assert pixels(there) == (np.array(pixels(here)) + shift).tolist()


def test_rows_and_columns_have_their_own_spacing(saved):
    # 3 mm along a row are 6 columns of .5, 3 mm along a column 2 rows of 1.5.
    plane = Plane((0, 0, 30), (1, 0, 0), (0, 1, 0), (1.5, 0.5))
    points = [
        value for x, y in ((-0.25, -0.75), (2.75, -0.75), (2.75, 2.25), (-0.25, 2.25)) for value in (x, y, 30)
    ]
    (mark,) = read(saved(points), index(plane))
    assert pixels(mark) == [[row, column] for row in range(2) for column in range(6)]


def test_a_slice_stored_turned_round_gets_its_mark_turned_round(saved):
    turned = Plane((-20.25 + 0.75 * 59, 11.5 + 0.75 * 39, 30), (-1, 0, 0), (0, -1, 0), (0.75, 0.75))
    path = saved(square(10, 5, 14, 8))
    (here,), (there,) = read(path), read(path, index(turned))
    assert pixels(there) == sorted([39 - row, 59 - column] for row, column in pixels(here))


def test_an_outline_that_names_no_slice_belongs_to_the_one_it_lies_on(saved):
    assert [mark.case_id for mark in read(saved(square(1, 1, 4, 4, z=32.6), uid=None))] == ["b"]
    # Another space of coordinates, or no slice there.
    for other in ({"space": "1.8"}, {}):
        z = 30.0 if other else 40.0
        with pytest.raises(DataError, match="outlines nothing on a slice of the data"):
            read(saved(square(1, 1, 4, 4, z=z), uid=None, **other))


def test_an_outline_names_a_frame_of_a_file_of_several(saved):
    images = ImageIndex({"ct.dcm#2": "ct#2"}, {"ct#2": FRAME}, {f"{UID}#2": "ct#2"}, planes={"ct#2": AXIAL})
    (mark,) = read(saved(square(10, 5, 14, 8), frame=2), images)
    assert (mark.case_id, len(pixels(mark))) == ("ct#2", 12)
    with pytest.raises(DataError, match="outlines nothing on a slice of the data"):
        read(saved(square(10, 5, 14, 8), frame=3), images)


def test_the_smallest_outlines_keep_a_pixel(saved):
    # A single point on a pixel's centre, as of a mask of one pixel; and a square between the centres.
    assert pixels(read(saved(square(10.5, 5.5, 10.5, 5.5)[:3]))[0]) == [[5, 10]]
    assert pixels(read(saved(square(10.1, 5.1, 10.3, 5.3)))[0]) == [[5, 10]]


def test_points_and_open_lines_are_passed_over(saved):
    for kind in ("POINT", "OPEN_PLANAR"):
        with pytest.raises(DataError, match="outlines nothing on a slice of the data"):
            read(saved(square(10, 5, 14, 8), kind=kind))


def test_files_of_readers_lie_in_folders_of_their_names(tmp_path):
    for reader in ("dr-a", "dr-b"):
        (tmp_path / reader).mkdir()
        (tmp_path / reader / "rs.dcm").write_bytes(structure_set(square(10, 5, 14, 8)))
    assert [mark.reader_id for mark in read(tmp_path)] == ["dr-a", "dr-b"]


def test_an_outline_off_its_slice_is_refused(saved):
    with refused(
        "the RT structure set: structure 1: outline 1: lies 1.5 mm off the image a that it names",
        "give the images that were outlined, as they were then",
    ):
        read(saved(square(10, 5, 14, 8, z=31.5)))


def test_an_outline_that_leaves_the_image_is_refused(saved):
    with refused(
        "the RT structure set: structure 1: outline 2: the outline from (50, 5) to (62, 8) leaves the image of 60 × 40",
        "coordinates must belong to the image file itself; for Pascal VOC see data.annotations.origin",
    ):
        read(saved(square(1, 1, 4, 4), square(50, 5, 62, 8)))


def test_an_image_that_does_not_say_where_it_lies_is_refused(saved):
    with refused(
        "the RT structure set: structure 1: outline 1: the image a does not say where it lies in the patient",
        "give the images with ImagePositionPatient, ImageOrientationPatient and PixelSpacing",
    ):
        read(saved(square(10, 5, 14, 8)), index(None))


@pytest.mark.parametrize("points", [[1.0, 2.0], []])
def test_damaged_points_are_refused(saved, points):
    with refused(
        "the RT structure set: structure 1: outline 1: its points are missing, damaged or not finite",
        "export it again",
    ):
        read(saved(points))


def test_an_outline_of_more_points_than_anybody_draws_is_refused(saved):
    with refused(
        "the RT structure set: structure 1: outline 1: an outline of 20004 points, and more than 20000 are not read",
        "save it as a mask, or with fewer points",
    ):
        # Explicit numbers have room for 64 kB only.
        read(saved(square(10, 5, 14, 8) * 5001, syntax=ImplicitVRLittleEndian))


@pytest.mark.parametrize("kept", [300, 420, 500])
def test_a_truncated_file_is_refused_and_says_nothing_of_its_text(saved, kept, capfd, caplog):
    path = saved(square(10, 5, 14, 8), name=SECRET)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError) as caught:
        read(path, format="rtstruct")
    captured = capfd.readouterr()
    seen = str(caught.value) + caught.value.hint + captured.out + captured.err + caplog.text
    assert SECRET not in seen
    assert UID not in seen


def test_images_are_no_structure_set(tmp_path):
    (tmp_path / "a.dcm").write_bytes(dicom_bytes(np.zeros((2, 2), np.uint16)))
    with refused("the RT structure set: not an RT structure set", "give the structure set, not the images"):
        read(tmp_path / "a.dcm", format="rtstruct")


def test_touching_outlines_and_one_within_another_twice():
    # Three squares within each other: in, out, in.
    outlines = [np.array([[a, a], [b, a], [b, b], [a, b]], dtype=float) for a, b in ((0, 9), (2, 7), (4, 5))]
    expected = np.ones((9, 9), dtype=bool)
    expected[2:7, 2:7] = False
    expected[4, 4] = True
    assert np.array_equal(inside_outlines(outlines, (9, 9)), expected)


@pytest.mark.parametrize(
    ("orientation", "position"),
    [
        ((1, 0, 0, 0, 1, 0), (-20, 10, 30)),
        ((-1, 0, 0, 0, -1, 0), (20, 50, 30)),
        ((0, 1, 0, 0, 0, -1), (5, -9, 80)),
    ],
)
def test_a_bright_pixel_of_a_slice_lies_in_the_outline_around_it(load, tmp_path, orientation, position):
    # Spacing .7 from row to row and .8 from column to column; the pixel in row 21, column 33.
    stored = np.zeros(FRAME, dtype=np.uint16)
    stored[21, 33] = 2000
    (tmp_path / "images" / "sick").mkdir(parents=True)
    data = dicom_bytes(
        stored, uid=UID, ImageOrientationPatient=list(orientation), ImagePositionPatient=list(position)
    )
    (tmp_path / "images" / "sick" / "a.dcm").write_bytes(data)
    write_image(tmp_path / "images" / "well" / "b.png")
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    middle = np.array(position) + 33 * 0.8 * row + 21 * 0.7 * column
    corners = [
        middle + 0.4 * across * row + 0.35 * down * column
        for across, down in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    (tmp_path / "rs.dcm").write_bytes(structure_set([value for corner in corners for value in corner]))
    dataset = load(images=tmp_path / "images", window="full", annotations={"path": tmp_path / "rs.dcm"})
    case = dataset.cases[0]
    assert np.argwhere(dataset.pixels(case) == 1).tolist() == [[21, 33]]
    assert np.argwhere(dataset.regions(case)["union"]).tolist() == [[21, 33]]
