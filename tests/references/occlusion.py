"""Occlusion one patch at a time: Zeiler and Fergus 2014, with the fall of the logit shared by overlapping patches."""

import math

import numpy as np


def occlusion(logit_of, image, blank, window_px, stride_px):
    """Mean fall of the logit over the patches that cover each pixel, (h, w) float64.

    Args:
        logit_of: from an image (3, h, w) to a number.
        image, blank: arrays (3, h, w).
        window_px, stride_px: one whole number each, for both sides; the last patch is cut off at the edge.
    """
    height, width = image.shape[1:]
    falls, covers = np.zeros((height, width)), np.zeros((height, width))
    whole = logit_of(image)
    for row in range(math.ceil((height - window_px) / stride_px) + 1):
        for column in range(math.ceil((width - window_px) / stride_px) + 1):
            top, left = row * stride_px, column * stride_px
            covered = image.copy()
            for y in range(top, min(top + window_px, height)):
                for x in range(left, min(left + window_px, width)):
                    covered[:, y, x] = blank[:, y, x]
            fall = whole - logit_of(covered)
            for y in range(top, min(top + window_px, height)):
                for x in range(left, min(left + window_px, width)):
                    falls[y, x] += fall
                    covers[y, x] += 1
    return falls / covers
