"""Print a finished run, or one of its cases, on a terminal."""
