"""Each of several models is judged by its own summaries for whether it survives a change."""

from test_changed_images import codes, same_class, same_map


def test_a_model_whose_answer_survives_is_not_blamed_for_another():
    first = same_class("rotate-10", (0.95, 0.9, 0.99), model="a")
    second = same_class("rotate-10", (0.5, 0.4, 0.6), model="b")
    assert codes(first, second) == codes(second, first) == [("XA203", "b")]
    assert codes(
        same_class("rotate-10", (0.5, 0.4, 0.6), model="a"),
        same_class("rotate-10", (0.95, 0.9, 0.99), model="b"),
    ) == [("XA203", "a")]


def test_maps_are_held_against_their_own_model():
    steady, moved = (0.9, 0.8, 0.95), (0.3, 0.2, 0.4)
    assert codes(same_map("rotate-10", steady, model="a"), same_map("rotate-10", moved, model="b")) == [
        ("XA304", "b/gradcam")
    ]
    assert codes(same_map("rotate-10", moved, model="a"), same_map("rotate-10", steady, model="b")) == [
        ("XA304", "a/gradcam")
    ]
