"""Copies that augmentation made, told apart by a pattern in their paths."""

import pytest
from case_files import refused

HINT = "it must be found in the paths of augmented images and in no other, as in '_aug[0-9]*\\.'"


def test_images_in_whose_path_the_pattern_is_found_are_augmented(two_classes, load):
    dataset = load(images=two_classes, augmented_pattern=r"-[12]\.")
    assert {case.case_id: case.augmented for case in dataset.cases} == {
        f"{label}/{label}-{number}": number > 0 for label in ("cancer", "normal") for number in range(3)
    }


def test_without_a_pattern_nobody_knows(two_classes, load):
    assert {case.augmented for case in load(images=two_classes).cases} == {None}


@pytest.mark.parametrize(("pattern", "where"), [(r"png", "every image"), (r"_aug", "no image")])
def test_a_pattern_that_tells_nothing_apart_is_refused(two_classes, load, pattern, where):
    message = (
        f"data.augmented_pattern: '{pattern}' is found in the path of {where}, such as 'cancer/cancer-0.png'"
    )
    with refused(message, HINT):
        load(images=two_classes, augmented_pattern=pattern)
