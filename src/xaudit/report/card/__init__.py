"""Model card and checklists, answered from a finished run."""
