"""Settings of the report."""

from pydantic import Field

from xaudit.config.sections.section import Section


class ReportSection(Section):
    """The page `report.html` that a run leaves; none of it changes a result."""

    html: bool = Field(True, description="whether a run writes `report.html` into its folder")
    images: bool = Field(
        True, description="whether pictures of the cases are kept in the run folder and shown there"
    )
    pixels: int = Field(
        1024, ge=64, le=4096, description="longer side of these pictures at most; larger images are shrunk"
    )
    gallery: int = Field(
        200, ge=0, description="cases of each model that the gallery shows: half of them its worst"
    )
