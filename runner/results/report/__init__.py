"""Reports: what an experiment was, and what came back of it, as one page of HTML that needs nothing else.

Here belongs how such a page is made: the value that it shows, and its parts. Nothing is read or drawn here;
pictures come as SVG. Texts come from files and clouds: they pass through `html`, where all is escaped that
was not made there.
"""

from runner.results.report.formatting import extent
from runner.results.report.html import Html, element
from runner.results.report.page import page
from runner.results.report.report import BatchRow, Drawing, Provenance, Report, batches
from runner.results.report.svg import inlined

__all__ = [
    "BatchRow",
    "Drawing",
    "Html",
    "Provenance",
    "Report",
    "batches",
    "element",
    "extent",
    "inlined",
    "page",
]
