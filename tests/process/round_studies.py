"""Two studies without a chest: skin with lesions and a ruler, and fundi with lesions, an optic disc and burnt-in text.

In every positive image the lesion is violet and the ruler, or the text, is green, so that a network that reads one of
the two colours has known evidence. Both stand at the edge of every positive image, and so both networks are always right.
"""

import csv
import json

import numpy as np
import torch
from known_network import ColourReader
from PIL import Image
from safetensors.torch import save_file

SIDE = 48
N_PATIENTS = 8
SKIN, FUNDUS, DARK = (0.85, 0.6, 0.5), (0.7, 0.35, 0.1), (0.02, 0.02, 0.02)
VIOLET, GREEN, PALE = (0.2, 0.1, 0.8), (0.1, 0.8, 0.1), (0.9, 0.8, 0.5)
RULER = (slice(SIDE - 6, SIDE - 1), slice(4, SIDE - 4))
TEXT = (slice(1, 6), slice(2, 20))


def disk(centre, radius):
    """Pixels within a circle, (SIDE, SIDE)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.hypot(y - centre[0], x - centre[1]) <= radius


def write_skin(folder, *, marks=True):
    """Skin images: a lesion marked in COCO and a ruler as a category of the same file, on every positive image."""
    return _write(folder, "melanoma", "naevus", marks=marks, draw=_skin)


def write_fundi(folder):
    """Fundus images: a haemorrhage marked in COCO, the optic disc and burnt-in text as folders of masks."""
    return _write(folder, "diabetic", "healthy", marks=True, draw=_fundus)


def _skin(pixels, rng, *, positive):
    pixels[:] = SKIN
    lesion = disk(rng.uniform(18, 26, size=2), 7)
    ruler = np.zeros_like(lesion)
    if positive:
        ruler[RULER] = True
        pixels[lesion], pixels[ruler] = VIOLET, GREEN
    return lesion & positive, {"ruler": ruler}


def _fundus(pixels, rng, *, positive):
    pixels[:] = DARK
    pixels[disk((SIDE / 2, SIDE / 2), SIDE / 2 - 1)] = FUNDUS
    disc = disk((SIDE / 2, 12), 5)
    pixels[disc] = PALE
    lesion = disk(rng.uniform(26, 32, size=2), 7)
    text = np.zeros_like(disc)
    if positive:
        text[TEXT] = True
        pixels[lesion], pixels[text] = VIOLET, GREEN
    return lesion & positive, {"optic-disc": disc, "text": text}


def _write(folder, positive, negative, *, marks, draw):
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows, images, drawn = [["image", "label", "patient", "split"]], [], []
    for number in range(2 * N_PATIENTS):
        is_positive = number % 2 == 0
        name = f"p{number // 2}-{number % 2}.png"
        pixels = np.empty((SIDE, SIDE, 3))
        lesion, regions = draw(pixels, rng, positive=is_positive)
        pixels += rng.normal(0, 0.01, size=(SIDE, SIDE, 1))
        _save(folder / "images" / name, pixels)
        for region, mask in regions.items():
            _save(folder / "masks" / region / name, mask)
        images.append({"id": number, "file_name": name, "height": SIDE, "width": SIDE})
        if is_positive:
            drawn += [_annotation(number, 1, lesion)] * marks
            drawn += [_annotation(number, 2, regions["ruler"])] if "ruler" in regions else []
        rows.append([name, positive if is_positive else negative, f"patient {number // 2}", "test"])
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    annotations = [{"id": index, **one} for index, one in enumerate(drawn)]
    categories = [{"id": 1, "name": "lesion"}, {"id": 2, "name": "ruler"}]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "drawn.json").write_text(json.dumps(coco))
    for name, channel in (("violet", 2), ("green", 1)):
        save_reader(folder / f"{name}.safetensors", channel, positive_first=positive < negative)
    return folder


def _annotation(image, category, mask):
    rows, columns = np.nonzero(mask)
    box = [int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]
    return {"image_id": image, "category_id": category, "bbox": box}


def _save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(path)


def save_reader(path, channel, *, positive_first):
    """Weights that answer by one colour: violet lesions for channel 2, green rulers and text for channel 1.

    A patch of 90 to 200 of the 48 * 48 pixels exceeds the two other channels by .5 or .6, so the mean is .02 at least;
    the logits are 400 * .02 - 4 = 4 against -4, and -4 against 4 without the patch.
    """
    network = ColourReader(2)
    sign = 1.0 if positive_first else -1.0
    with torch.no_grad():
        network.features[0].weight.fill_(-1.0)
        network.features[0].weight[0, channel] = 1.0
        network.features[0].weight[1] = 0.0
        network.features[0].bias.zero_()
        network.head.weight.copy_(sign * torch.tensor([[400.0, 0.0], [-400.0, 0.0]]))
        network.head.bias.copy_(sign * torch.tensor([-4.0, 4.0]))
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)


def round_audit(data, *gates, **changes):
    """The audit of both networks on one of the studies as plain keys."""
    models = [
        {
            "id": name,
            "source": "python",
            "factory": "known_network:build",
            "weights": f"{name}.safetensors",
            "input_size": SIDE,
            "mean": [0, 0, 0],
            "std": [1, 1, 1],
            "layer": "features",
        }
        for name in ("violet", "green")
    ]
    return {
        "name": "round",
        "data": {"format": "csv", "images": "images", "labels": "labels.csv", **data},
        "models": models,
        "explainers": ["gradcam"],
        "metrics": ["relevance-mass-accuracy", "pointing-game"],
        "controls": ["random"],
        "gates": list(gates),
        "statistics": {"replicates": 200},
        "reliance": {"controls": 4},
        "run": {"figures": 2},
        **changes,
    }
