"""What xaudit is taught here. Importing this module is cheap: torch is imported where it is used."""

import math
from dataclasses import dataclass

import numpy as np

from xaudit.plugins import (
    Absent,
    DataError,
    ExplainerPlugin,
    ExplainerRow,
    FormatPlugin,
    FormatRow,
    MetricPlugin,
    MetricRow,
    ModelPlugin,
    ModelRow,
    Option,
    Polygon,
)


@dataclass(frozen=True)
class PatchDrop:
    """By how much the target's logit falls when one patch of the image is set to zero."""

    classifier: object
    patch_px: int

    def explain(self, images, targets, seeds):
        maps = np.zeros((len(images), *self.classifier.model_hw), dtype=np.float32)
        for image, target, one_map in zip(images, targets, maps, strict=True):
            before = float(self.classifier.logits(image[None])[0, target])
            for y in range(0, image.shape[1], self.patch_px):
                columns = range(0, image.shape[2], self.patch_px)
                changed = image.repeat(len(columns), 1, 1, 1)
                for number, x in enumerate(columns):
                    changed[number, :, y : y + self.patch_px, x : x + self.patch_px] = 0
                after = self.classifier.logits(changed)[:, target]
                for x, logit in zip(columns, after.tolist(), strict=True):
                    one_map[y : y + self.patch_px, x : x + self.patch_px] = before - logit
        return maps


def make_patch_drop(options, classifier):
    return PatchDrop(classifier, int(options["patch_px"]))


PATCH_DROP = ExplainerPlugin(
    ExplainerRow(
        "patch-drop",
        "by how much the logit falls when one patch is set to zero",
        "occlusion",
        signed=True,
        gradients=False,
        control=False,
        cost="1 forward per patch, and 1",
        citation="Zeiler and Fergus 2014",
        options=(Option("patch_px", 8, "side of a patch in pixels of the model's frame", minimum=1),),
    ),
    make_patch_drop,
)


def top_share(marked, options):
    """Share of the map's highest pixels that are marked; where values are tied, pixels count in part."""
    count = max(1, round(float(options["share"]) * marked.values.size))
    least = np.sort(marked.values)[-count]
    above, tied = marked.values > least, marked.values == least
    part = (count - above.sum()) / tied.sum()
    return float((marked.inside[above].sum() + part * marked.inside[tied].sum()) / count)


TOP_SHARE = MetricPlugin(
    MetricRow(
        "top-share",
        "share of the map's highest pixels that are marked",
        "localization",
        True,
        "0 to 1, chance the mark's share",
        "none",
        needs_annotation=True,
        needs_lungs=False,
        citation="this page",
        options=(Option("share", 0.05, "of the image's pixels", minimum=0.001, maximum=1.0),),
    ),
    top_share,
    without_map=0.0,
)


def peak_drop(asked, options):
    """By how much the target's logit falls when the map's highest pixels are blurred."""
    import torch

    from xaudit.plugins import Question

    count = max(1, round(float(options["share"]) * asked.saliency.size))
    gone = np.zeros(asked.saliency.size, dtype=bool)
    gone[np.argsort(-asked.saliency, axis=None, kind="stable")[:count]] = True
    changed = asked.replaced_by("blur").without(torch.from_numpy(gone.reshape(1, *asked.saliency.shape)))
    before = yield Question(1, lambda _start, _stop: asked.image[None], asked.key("untouched"))
    after = yield Question(1, lambda _start, _stop: changed)
    fall = float(before[0, asked.target] - after[0, asked.target])
    return fall if math.isfinite(fall) else Absent("the model's answer is not a number")


PEAK_DROP = MetricPlugin(
    MetricRow(
        "peak-drop",
        "fall of the target's logit when the map's highest pixels are blurred",
        "faithfulness",
        True,
        "logits",
        "2 forwards, 1 of them shared",
        needs_annotation=False,
        needs_lungs=False,
        citation="this page",
        options=(Option("share", 0.1, "of the image's pixels", minimum=0.001, maximum=1.0),),
    ),
    peak_drop,
)


def build_colour_net(options, n_classes):
    from torch import nn

    width = int(options["width"])
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, n_classes),
    )


COLOUR_NET = ModelPlugin(
    ModelRow("colour-net", "one convolution and a mean", "options.width", trains=True),
    build_colour_net,
    options=(Option("width", 8, "channels", minimum=1),),
)


def collect_discs(path, marks):
    """A table image,x,y,radius: the centre in pixels, edges between pixels; without a radius the reader found nothing."""
    from xaudit.plugins import read_rows

    names, rows = read_rows(path)
    for column in ("image", "x", "y", "radius"):
        if column not in names:
            raise DataError(f"{path.name}: no column is called '{column}'", hint="export the discs again")
    for row in rows:
        with marks.item():
            case = marks.case(row.place, row["image"])
            if case is None:
                continue
            if not row["radius"]:
                marks.nothing(row.place, case, "reader-1")
                continue
            try:
                x, y, radius = float(row["x"]), float(row["y"]), float(row["radius"])
            except ValueError:
                raise DataError(
                    f"{row.place}: x, y and radius must be numbers", hint="mend the row"
                ) from None
            if radius <= 0:
                raise DataError(f"{row.place}: the radius is {radius:g}", hint="it must be above 0, or empty")
            turns = np.linspace(0, 2 * np.pi, 32, endpoint=False)
            points = zip(x + radius * np.cos(turns), y + radius * np.sin(turns), strict=True)
            marks.add(case, "reader-1", Polygon(tuple((float(u), float(v)) for u, v in points)))


DISCS = FormatPlugin(
    FormatRow("discs", "a table image,x,y,radius of discs in pixels", "annotations"), "discs", collect_discs
)
