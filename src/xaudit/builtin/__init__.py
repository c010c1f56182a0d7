"""Everything that xaudit brings itself, one record per file: add a file and it is there.

A record has the type that another package registers (:mod:`xaudit.plugins`). A file imports nothing heavy, since `xaudit list`
reads all of them: it names its function by import path, or imports torch and NumPy inside it. See CONTRIBUTING.md.
"""

import xaudit.catalog  # noqa: F401  (collects the records below; begun here, it meets no half-imported file)
