"""Tests of the reliance map made by hand."""

from itertools import product

from xaudit.records import Area, Interval, MapTest

NOTHING = (0.0, 0.0, 0.01)


def interval(values):
    return None if values is None else Interval(*values, "bca" if values[1] is not None else "none")


def area(effect, place="border", position="upper right corner", **changes):
    plain = {
        "number": 1,
        "box": (0.75, 0.0, 1.0, 0.25),
        "n_windows": 5,
        "peak": (0.875, 0.0, 1.0, 0.125),
        "effect": interval(effect),
        "p": 0.001,
        "share_of_patients": 1.0,
        "place": place,
        "examples": ("a", "b", "c"),
        "position": position,
        "infills": ("blur", "noise"),
        "on_mark": 0.0,
        "windows": ((0.875, 0.0, 1.0, 0.125),),
        "same_lung": 0.0,
    }
    return Area(**{**plain, **changes})


def asked(
    areas=None,
    *,
    scopes=("all", "outside-mark", "elsewhere"),
    kinds=("border", "outside-mark", "outside-lungs"),
    net=None,
    bounds=None,
    **changes,
):
    """Return the tests of one population.

    Args:
        areas: areas by answer, direction and scope, or frame.
        net: summed effect by answer and direction, and by scope or frame where they differ.
        bounds: strongest effect by answer, direction and kind of place; 0.01 at most where none is given.
    """
    areas, net, bounds = areas or {}, net or {}, bounds or {}
    tests = []
    for answer, direction in product(("probability", "log-odds"), ("for", "against")):
        frames = ["mark"] * ("outside-mark" in scopes) + ["lungs"] * ("outside-lungs" in kinds)
        for scope, frame in [*((scope, "image") for scope in scopes), *(("all", frame) for frame in frames)]:
            name = scope if frame == "image" else frame
            plain = {
                "model_id": "net",
                "images": "cancer",
                "target": "cancer",
                "question": "hide",
                "n_cases": 40,
                "n_patients": 20,
                "n_windows": 274,
                "cluster": "patient",
                "p": 0.3,
                "largest": interval(bounds.get((answer, direction, "any"), NOTHING)),
                "summed": interval((0.1, 0.05, 0.15)),
                "infills": ("blur", "noise"),
            }
            tests.append(
                MapTest(
                    answer=answer,
                    direction=direction,
                    frame=frame,
                    scope=scope,
                    areas=tuple(areas.get((answer, direction, name), ())),
                    net=interval(
                        net.get((answer, direction, name), net.get((answer, direction), (0.0, -0.1, 0.1)))
                    ),
                    bounds=tuple(
                        (kind, interval(bounds.get((answer, direction, kind), NOTHING))) for kind in kinds
                    )
                    if (scope, frame) == ("all", "image")
                    else (),
                    **{**plain, **changes},
                )
            )
    return tests
