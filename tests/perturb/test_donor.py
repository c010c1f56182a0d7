import numpy as np
import pytest
import torch

from xaudit.perturb.donor import Donor, nearest_donor
from xaudit.perturb.infill import infill

NO_MARK = np.zeros((32, 32), dtype=bool)


def donor(case_id, level):
    return Donor(case_id, case_id, "normal", torch.full((3, 32, 32), level), NO_MARK)


def test_the_seam_is_a_ramp_from_the_own_surroundings_to_the_donor():
    # A frame of 32 px has a seam of one pixel (2 % is .64): the outermost pixels are half and half.
    image, other = torch.zeros((3, 32, 32)), torch.ones((3, 32, 32))
    mask = np.zeros((32, 32), dtype=bool)
    mask[10:16, 4:9] = True
    filled = infill(image, mask, "donor", np.random.default_rng(0), other)[0]
    assert filled[12, 3:10].tolist() == pytest.approx([0, 0.5, 1, 1, 1, 0.5, 0])
    assert filled[9:17, 6].tolist() == pytest.approx([0, 0.5, 1, 1, 1, 1, 0.5, 0])


def test_the_seam_widens_with_the_frame_and_none_runs_along_the_frames_edge():
    # 2 % of 128 px are 3 px: the donor's share is 1/4, 2/4, 3/4, then 1; at the frame's own edge nothing is kept.
    image, other = torch.zeros((3, 128, 128)), torch.ones((3, 128, 128))
    mask = np.zeros((128, 128), dtype=bool)
    mask[:16, :16] = True
    filled = infill(image, mask, "donor", np.random.default_rng(0), other)[0]
    assert filled[0, :18].tolist() == pytest.approx([1] * 13 + [0.75, 0.5, 0.25, 0, 0])


def test_a_pattern_is_copied_as_it_is_even_where_the_seam_cuts_through_it():
    image, other = torch.zeros((3, 128, 128)), torch.zeros((3, 128, 128))
    other[:, 20:60, 20:60] = 2.0
    mask = np.zeros((128, 128), dtype=bool)
    mask[30:50, 30:50] = True
    filled = infill(image, mask, "donor", np.random.default_rng(0), other)[0]
    assert (filled[33:47, 33:47] == 2.0).all()


def test_the_donor_whose_thumbnail_is_nearest_is_taken_and_of_several_the_first():
    image = torch.full((3, 32, 32), 0.5)
    donors = [donor("far", 1.0), donor("near", 0.75), donor("alike", 0.25)]
    assert nearest_donor(image, donors).case_id == "near"
    assert nearest_donor(image, donors[::-1]).case_id == "alike"
    assert nearest_donor(image, []) is None


def test_likeness_is_that_of_places_not_of_the_mean():
    image, same, turned = (torch.zeros((3, 32, 32)) for _ in range(3))
    image[:, :16], same[:, :16], turned[:, 16:] = 1.0, 0.6, 1.0
    # The turned copy has the image's own mean; at its places it differs by 1, the dimmer one by .4 in half of them.
    donors = [Donor("turned", "t", "n", turned, NO_MARK), Donor("dimmer", "d", "n", same, NO_MARK)]
    assert nearest_donor(image, donors).case_id == "dimmer"
