"""The Python library: carry out an audit, read a run, score one map.

Users import these names from :mod:`xaudit`. Every function raises :class:`xaudit.errors.XauditError` for what a user can
mend; its ``hint`` says how.
"""

from xaudit import errors
from xaudit.api.auditing import Outcome, audit
from xaudit.api.map_scores import score_map
from xaudit.api.run import Run, open_run
from xaudit.metrics.absent import Absent

__all__ = ["Absent", "Outcome", "Run", "audit", "errors", "open_run", "score_map"]
