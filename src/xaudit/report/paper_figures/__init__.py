"""Figures for a paper: SVG and PDF in the widths of journals, the numbers of each beside it as CSV.

One file per kind of figure. Each gives :class:`~xaudit.report.paper_figures.figure.PaperFigure` records, which know how
to draw themselves; only :mod:`~xaudit.report.paper_figures.writing` makes files. Nothing rests on colour alone.
"""
