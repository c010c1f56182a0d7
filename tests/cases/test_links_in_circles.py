"""Links that lead round in a circle, which a folder of images may hold after it was moved."""

import pytest

from xaudit.errors import DataError


@pytest.mark.parametrize(
    "others", [["cancer-9.png"], ["cancer-8.png", "cancer-9.png"]], ids=["to itself", "to each other"]
)
def test_an_image_whose_link_leads_back_to_itself_is_named(two_classes, load, others):
    for name, target in zip(others, [*others[1:], others[0]], strict=True):
        (two_classes / "cancer" / name).symlink_to(two_classes / "cancer" / target)
    with pytest.raises(DataError, match=r"cancer-[89]\.png"):
        load(images=two_classes)
