"""Groups of maps as pictures: the mean map, and example images with their maps."""

import io
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

# Naming the plug-in spares the search through all of them, which takes a second.
from PIL import Image, WebPImagePlugin  # noqa: F401

from xaudit.records import MapCluster, MapClusters, Outcome
from xaudit.report.pictures.check_picture import CheckPicture, webp_image
from xaudit.report.pictures.figures import Pixels, blended, colours
from xaudit.report.sections.maps.map_clusters import attribute_words, place_words
from xaudit.report.wording import count
from xaudit.stages.views.cluster_view import ClusterExample, ClusterView
from xaudit.stages.views.previews import preview_pixels

_MEAN_PX = 160
_QUALITY = 70
_MOST = 12


def cluster_pictures(outcome: Outcome, views: Sequence[ClusterView]) -> tuple[CheckPicture, ...]:
    """Return a picture of each group, leads first; the twelve first of more.

    Args:
        views: of the groups; a group without one has its mean map alone.
    """
    by_key = {view.key: view for view in views}
    groups = [(one, group) for one in outcome.map_clusters for group in one.groups]
    groups.sort(key=lambda pair: (not pair[1].is_lead, pair[1].confirmation != "confirmed"))
    return tuple(
        _picture(one, group, view.examples if view else ())
        for one, group in groups[:_MOST]
        for view in (by_key.get((one.model_id, one.source, one.target, group.number)),)
    )


def _picture(one: MapClusters, group: MapCluster, examples: Sequence[ClusterExample]) -> CheckPicture:
    names = group.examples if len(examples) == len(group.examples) else group.examples[: len(examples)]
    images = [
        webp_image(_webp(_mean_map(group)), f"Mean map of {one.source}, largest at the {group.position}")
    ]
    images += [
        webp_image(_webp(_overlay(example)), f"{name} with its map of {one.source}")
        for name, example in zip(names, examples, strict=True)
    ]
    caption = f"{count(group.n_maps, 'map')} of {count(group.n_patients, 'patient' if one.cluster == 'patient' else 'image')}, at the {place_words(group)}."
    if group.attributes:
        caption += f" Stands out: {attribute_words(group.attributes[0])}."
    caption += " Mean map" + (f"; then {', '.join(names)}." if names else ".")
    body = Markup('<div class="strip-of-images">{}</div>').format(Markup("").join(images))
    return CheckPicture(f"{one.model_id}, {one.source}: group {group.number}", caption, body)


def _mean_map(group: MapCluster) -> Pixels:
    values = np.array(group.rows)
    enlarged = np.repeat(np.repeat(values, _MEAN_PX // len(values), axis=0), _MEAN_PX // len(values), axis=1)
    return colours(np.sqrt(enlarged / max(float(values.max()), 1e-12)))


def _overlay(example: ClusterExample) -> Pixels:
    grey = np.rint(255 * preview_pixels(example.preview)).astype(np.uint8)
    return blended(np.repeat(grey[:, :, None], 3, axis=2), example.values, signed=False)


def _webp(pixels: Pixels) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, format="WEBP", quality=_QUALITY, method=4)
    return data.getvalue()
