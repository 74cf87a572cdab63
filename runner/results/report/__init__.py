"""Reports: what an experiment was, and what came back of it, as one page of HTML that needs nothing else.

Here belongs what such a page shows, as a value, and how its template is filled. Nothing is read or drawn
here; pictures come as SVG. Texts come from files and clouds; `runner.pages` escapes them.
"""

from runner.results.report.page import page
from runner.results.report.report import BatchRow, Drawing, Provenance, Report, batches
from runner.results.report.svg import inlined
from runner.results.report.words import extent

__all__ = ["BatchRow", "Drawing", "Provenance", "Report", "batches", "extent", "inlined", "page"]
