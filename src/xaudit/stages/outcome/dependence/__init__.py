"""The parts of a conclusion that say what a model's answer depends on, without or beside an explainer."""
