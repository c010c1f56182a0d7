"""Ids of audited models: an entry of the audit file that lists several findings is one audited model for each."""


def model_id_of(entry_id: str, finding: str) -> str:
    """Return the id of the model that answers for one finding.

    Example:
        >>> model_id_of("chest", "nodule")
        'chest (nodule)'
    """
    return f"{entry_id} ({finding})"


def finding_of(model_id: str) -> str | None:
    """Return the finding that a model's id names, None if its entry lists no findings of their own.

    Example:
        >>> finding_of("chest (pleural effusion)"), finding_of("chest")
        ('pleural effusion', None)
    """
    # The id of an entry has neither spaces nor parentheses.
    return model_id.partition(" (")[2].removesuffix(")") or None
