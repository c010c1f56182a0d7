"""The reliance map: the model's dependence on every place of the image, measured without marks and without an explainer."""
