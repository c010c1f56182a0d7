"""Mean reliance maps and tests of areas, as the phantom study gives them, for the reports' tests."""

import numpy as np

from xaudit.geometry import fit_geometry
from xaudit.records import Area, Case, Interval, MapTest, MeanReliance
from xaudit.stages.views.reliance_view import RelianceView

SIDE = 128


def mean(
    model="shortcut", images="cancer", *, box=(112, 0, 128, 16), peak=0.5, side=64, typical="P01", **others
) -> MeanReliance:
    """A map that is ``peak`` in a box of the model's frame, x0, y0, x1, y1 in pixels, and 0 elsewhere."""
    values = np.zeros((side, side), np.float32)
    x0, y0, x1, y1 = (round(edge * side / SIDE) for edge in box)
    values[y0:y1, x0:x1] = peak
    about = {
        "target": "cancer",
        "question": "hide",
        "direction": "for",
        "frame_hw": (SIDE, SIDE),
        "n_cases": 24,
        "n_patients": 20,
        "cluster": "patient",
        "probability": 0.97 if images == "cancer" else 0.02,
        "typical": typical,
    }
    return MeanReliance(model, images, rows=tuple(map(tuple, values.tolist())), **{**about, **others})


def area(number=1, *, box=(0.875, 0.0, 1.0, 0.125), **others) -> Area:
    about = {
        "n_windows": 3,
        "peak": box,
        "effect": Interval(0.93, 0.88, 0.97, "bca"),
        "p": 0.0002,
        "share_of_patients": 1.0,
        "place": "border",
        "examples": ("P0003-1", "P0007-1", "P0021-2"),
        "position": "upper right corner",
        "infills": ("blur", "noise"),
        "windows": (box,),
    }
    return Area(number, box, **{**about, **others})


def map_test(model="shortcut", images="cancer", areas=(), **others) -> MapTest:
    about = {
        "target": "cancer",
        "question": "hide",
        "direction": "for",
        "answer": "probability",
        "frame": "image",
        "scope": "all",
        "n_cases": 24,
        "n_patients": 20,
        "n_windows": 274,
        "cluster": "patient",
        "p": min((one.p for one in areas), default=0.61),
        "largest": areas[0].effect if areas else Interval(0.01, 0.002, 0.024, "bca"),
        "summed": Interval(0.04, 0.02, 0.06, "bca"),
        "infills": ("blur", "noise"),
    }
    return MapTest(model, images, areas=tuple(areas), **{**about, **others})


def phantom_means() -> tuple[MeanReliance, ...]:
    return (
        mean("honest", box=(24, 48, 56, 80), peak=0.31),
        mean("honest", "normal", peak=0.0, n_patients=18, n_cases=20),
        mean("shortcut"),
        mean("shortcut", "normal", peak=0.01, n_patients=18, n_cases=20),
    )


def phantom_tests() -> tuple[MapTest, ...]:
    lesion = area(
        box=(0.1875, 0.375, 0.4375, 0.625),
        effect=Interval(0.42, 0.31, 0.53, "bca"),
        share_of_patients=0.85,
        place="same-lung",
        position="middle left",
        n_windows=9,
    )
    second = area(2, box=(0.5, 0.25, 0.75, 0.5), effect=Interval(0.11, 0.05, 0.2, "bca"), infills=("blur",),
                  place="opposite-lung", position="upper middle", share_of_patients=0.3)  # fmt: skip
    return (
        map_test("honest", areas=(lesion, second)),
        map_test("honest", scope="outside-mark"),
        map_test("honest", "normal", n_patients=18, n_cases=20),
        map_test("shortcut", areas=(area(),)),
        map_test("shortcut", scope="outside-mark", areas=(area(),)),
        map_test(
            "shortcut", "normal", n_patients=18, n_cases=20, largest=Interval(0.006, 0.001, 0.011, "bca")
        ),
    )


def view(
    one: MeanReliance, *, frame=(96, 96), fit="stretch", spacing=(0.7, 0.7), preview=None
) -> RelianceView:
    case = Case(one.typical, "patient", "data", "a.png", "0" * 64, one.images, "test", *frame, spacing)
    return RelianceView(one, case, fit_geometry(frame, one.frame_hw, fit), preview)
