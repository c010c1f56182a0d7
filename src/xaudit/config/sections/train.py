"""Training of a model that has no weights."""

from pydantic import Field

from xaudit.config.sections.section import Section


class TrainSection(Section):
    """Settings for training a model that has no weights."""

    epochs: int = Field(12, ge=1, description="most passes over the training images")
    batch_size: int = Field(32, ge=2, description="images per step")
    learning_rate: float = Field(1e-3, gt=0, description="of AdamW, at its highest")
    weight_decay: float = Field(1e-2, ge=0, description="of AdamW")
    patience: int = Field(4, ge=1, description="epochs without a better validation loss before it stops")
    class_weights: bool = Field(True, description="weigh classes by the inverse of their frequency")
    augment: bool = Field(True, description="flips, small shifts, brightness")
    mixed_precision: bool = Field(True, description="on a GPU only")
