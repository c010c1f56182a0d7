"""Present a finished run to people and programs: terminal, Markdown, JSON, figures.

Everything here is a pure function of a finished run. The sections are put into words once, in
:mod:`xaudit.report.sections.whole`; the renderers only lay them out.
"""
