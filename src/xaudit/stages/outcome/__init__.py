"""Turn stored scores into summaries, verdicts, gates and comparisons."""
