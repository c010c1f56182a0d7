"""A vision transformer whose answer comes from one patch's token, by construction.

torchvision's VisionTransformer on 32 × 32 pixels in patches of 8, two blocks, one head. The class token of the last block
attends to the red patch and copies its redness; the head reads that copy. Green is embedded and read by nobody.

Channels of a token: 0 redness, 1 greenness, 2 mark of the class token, 3 the copy, 6 and 7 a constant and its opposite, far
above the rest, so that each layer norm divides all tokens by nearly the same number.
"""

import torch
import torchvision

SIDE, PATCH = 32, 8
ROWS = COLUMNS = SIDE // PATCH
PLACES = [(0, 0), (1, 2), (3, 1), (2, 3)]
GREEN = (2, 0)
"""The place of the distracting patch."""


def known_vit():
    module = torchvision.models.VisionTransformer(SIDE, PATCH, 2, 1, 8, 8, num_classes=2).eval()
    encoder = module.encoder
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.fill_(1.0 if ".ln" in name and name.endswith("weight") else 0.0)
        module.conv_proj.weight[0, 0] = module.conv_proj.weight[1, 1] = 1 / PATCH**2
        module.class_token[0, 0, 2] = 4
        encoder.pos_embedding[..., 6], encoder.pos_embedding[..., 7] = 8, -8
        last = encoder.layers[-1].self_attention
        last.in_proj_weight[0, 2] = 40  # the class token asks
        last.in_proj_weight[8, 0] = 40  # for redness,
        last.in_proj_weight[16, 0] = 4  # gets it
        last.out_proj.weight[3, 0] = 4  # and keeps it.
        module.heads.head.weight[1, 3], module.heads.head.weight[0, 3] = 10, -10
    return module


def place_of_patch(row, column):
    return slice(row * PATCH, (row + 1) * PATCH), slice(column * PATCH, (column + 1) * PATCH)


def image_with_red_patch(row, column, green=1.0):
    """A dark image, (1, 3, 32, 32), with a red patch and a less bright green one."""
    image = torch.zeros(1, 3, SIDE, SIDE)
    image[(0, 0, *place_of_patch(row, column))] = 3
    image[(0, 1, *place_of_patch(*GREEN))] = green
    return image
