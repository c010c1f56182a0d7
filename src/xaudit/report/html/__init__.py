"""The report as one page that needs no network: the words of the other reports, and the pictures they cannot show.

:mod:`xaudit.report.html.page` says what stands on the page, pure data from a finished run;
:mod:`xaudit.report.html.render` lays it out.
"""
