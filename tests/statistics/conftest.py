"""Puts the slow re-derivations on the path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
