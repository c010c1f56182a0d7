"""Compare the images with a region in-filled with real ones, in the model's own features, for a chunk of cases."""

from collections.abc import Mapping, Sequence

from xaudit.chunks.chunk import Chunk
from xaudit.chunks.donors import donor_image
from xaudit.records import BoolArray
from xaudit.seeds import generator_for


def oddness(
    chunk: Chunk, parts: Mapping[str, Mapping[str, BoolArray]], infills: Sequence[str], *, seed: int
) -> dict[tuple[str, str, str], float]:
    """Return the percentile of each in-filled image's distance to real ones, among the real ones' own distances.

    Empty if it cannot be measured: the model's features cannot be reached, or there are too few real images.

    Args:
        parts: case id → region → (h, w) mask in the model's frame.

    Returns:
        By case id, region and in-fill; 0 to 100.
    """
    import torch

    from xaudit.models.features import feature_reader
    from xaudit.perturb.infill import infill

    if chunk.donors is None or not chunk.donors.are_real:
        return {}
    read = feature_reader(chunk.classifier)
    real = None if isinstance(read, str) else chunk.donors.real_features(read)
    if real is None or isinstance(read, str):
        return {}
    percentiles: dict[tuple[str, str, str], float] = {}
    for subject in chunk.subjects:
        case_id = subject.case.case_id
        donor = donor_image(chunk, subject, infills)
        wanted = [(region, kind) for region, part in parts[case_id].items() if part.any() for kind in infills]
        images = [
            infill(
                subject.image,
                parts[case_id][region],
                kind,
                generator_for(seed, case_id, "oddness", region, kind),
                donor,
            )
            for region, kind in wanted
        ]
        for (region, kind), features in zip(wanted, read(torch.stack(images)), strict=True):
            percentiles[case_id, region, kind] = real.percentile(features, subject.case.cluster)
    return percentiles
