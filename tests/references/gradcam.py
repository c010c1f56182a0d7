"""Grad-CAM written out in loops, without the library: Selvaraju et al. 2017, equations 1 and 2."""

import numpy as np
import torch


def gradcam(module, layer, image, target):
    """The map of one image (3, h, w), scaled to 0 to 1, (h, w) float64."""
    kept = []
    handle = layer.register_forward_hook(lambda _m, _i, features: kept.append(features))
    for weight in module.parameters():
        weight.requires_grad_(True)
    logit = module(image[None])[0, target]
    handle.remove()
    gradient = torch.autograd.grad(logit, kept[0])[0][0].detach().double().numpy()
    features = kept[0][0].detach().double().numpy()
    coarse = np.zeros(features.shape[1:])
    for channel in range(features.shape[0]):
        importance = gradient[channel].sum() / gradient[channel].size
        coarse += importance * features[channel]
    coarse = scaled(np.where(coarse > 0, coarse, 0))
    return scaled(enlarged(coarse, image.shape[1:]))


def scaled(values):
    values = values - values.min()
    return values / (1e-7 + values.max())


def enlarged(coarse, shape):
    """Bilinear between the centres of the coarse pixels, constant beyond the outermost ones."""
    out = np.zeros(shape)
    for y in range(shape[0]):
        for x in range(shape[1]):
            at_y = min(max((y + 0.5) * coarse.shape[0] / shape[0] - 0.5, 0), coarse.shape[0] - 1)
            at_x = min(max((x + 0.5) * coarse.shape[1] / shape[1] - 0.5, 0), coarse.shape[1] - 1)
            y0, x0 = int(at_y), int(at_x)
            y1, x1 = min(y0 + 1, coarse.shape[0] - 1), min(x0 + 1, coarse.shape[1] - 1)
            down, right = at_y - y0, at_x - x0
            top = (1 - right) * coarse[y0, x0] + right * coarse[y0, x1]
            bottom = (1 - right) * coarse[y1, x0] + right * coarse[y1, x1]
            out[y, x] = (1 - down) * top + down * bottom
    return out
