"""Pages of the docs whose tables benchmarks write."""

from __future__ import annotations


def write_between(page, marks, text):
    """Replaces what stands between two lines of a page.

    Args:
        marks: Both lines, with their ends.

        text: Whole lines.
    """
    before, _, rest = page.read_text(encoding="utf-8").partition(marks[0])
    after = rest.partition(marks[1])[2]
    page.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{after}", encoding="utf-8")
