"""A report as one page: it opens offline, asks for nothing, and runs no script. Pure."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from runner.results.analysis.conventions import conventions
from runner.results.report.formatting import extent, standing
from runner.results.report.html import Html, element
from runner.results.report.provenance import facts, provenance
from runner.results.report.svg import inlined
from runner.results.report.tables import batch_table, job_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.results.report.report import Drawing, Report

# Nothing is fetched and nothing runs, whatever a text on the page says; the style is known by its digest.
_POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; style-src-elem 'sha256-{digest}';"
    " style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)

_NOT_AS_RECORDED: Final = "The records are not as they were written; see Provenance"


def page(report: Report) -> str:
    """The page; the same text for the same report."""
    body = element("body", _header(report), _main(report))
    return f"<!DOCTYPE html>\n{element('html', _head(report), body, lang='en')}\n"


def _head(report: Report) -> Html:
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = _POLICY.format(digest=digest)
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{report.title}: report"),
        element("style", style),
    )


@cache
def _style() -> Html:
    return Html(resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8"))


def _header(report: Report) -> Html:
    is_complete = report.results.is_complete
    words = f"{extent(report.results)}: {standing(report.results)}"
    return element(
        "header",
        element("h1", report.title),
        element("p", report.description, class_="lead") if report.description else None,
        element("p", words, class_="standing " + ("complete" if is_complete else "partial")),
        element("p", _NOT_AS_RECORDED, class_="standing error") if report.provenance.verdict.flaws else None,
    )


def _main(report: Report) -> Html:
    return element(
        "main",
        _section("What ran", facts(report)),
        _section("Register and sequence", *_figures(report.sequence, "sequence"))
        if report.sequence
        else None,
        _section("Pictures", _side_by_side(report)) if report.figures else None,
        _section("Jobs", job_table(report.results), *_conventions(report)),
        _section("Batches", batch_table(report.batches)) if report.batches else None,
        _section("Provenance", provenance(report)),
    )


def _conventions(report: Report) -> list[Html]:
    return [element("p", said, class_="quiet") for said in conventions(report.results)]


def _section(title: str, *children: Html) -> Html:
    name = title.lower().replace(" ", "-")
    return element("section", element("h2", title, id=name), *children, aria_labelledby=name)


def _side_by_side(report: Report) -> Html:
    return element("div", *_figures(report.figures, "picture"), class_="pictures")


def _figures(drawings: Sequence[Drawing], kind: str) -> Iterator[Html]:
    for place, drawing in enumerate(drawings, 1):
        yield _figure(drawing, f"{kind}-{place}-")


def _figure(drawing: Drawing, prefix: str) -> Html:
    picture = inlined(drawing.svg, label=drawing.caption, prefix=prefix)
    paper = element("div", picture, class_="paper")
    if drawing.is_wide:
        paper = element(
            "div", picture, class_="paper wide", role="region", aria_label=drawing.caption, tabindex="0"
        )
    return element("figure", paper, element("figcaption", drawing.caption))
