"""A report in a real browser: it opens from a file, asks for nothing, says nothing, and fits its window."""

from __future__ import annotations

import sys
import warnings

import browser
import commands
import pytest
from measured_labs import a_measured_lab

from runner.cli import main
from runner.cli.exit_codes import Exit

NAME = "<script>document.title = 'stolen'</script>"
EXPERIMENT = commands.EXPERIMENT.replace("name: pair", f'name: pair, description: "{NAME}"')
WIDTHS = (400, 1400)
AS_SEEN = """\
(() => {
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    const box = (each) => each.getBoundingClientRect();
    const svgs = [...document.querySelectorAll("svg")];
    return {
        title: document.title,
        heading: document.querySelector("h1").textContent,
        lead: document.querySelector(".lead").textContent,
        standing: document.querySelector(".standing").textContent,
        rows: [...document.querySelectorAll("table")].map((each) => each.tBodies[0].rows.length),
        labels: svgs.length >= 2 && svgs.every((each) => each.getAttribute("aria-label") !== ""),
        drawn: svgs.every((each) => box(each).width > 150 && box(each).height > 80),
        width: document.documentElement.scrollWidth,
        scripts: document.scripts.length,
    };
})()
"""
CONTRAST = """\
(() => {
    const light = (color) => {
        const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((c) => c / 255)
            .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (each) => {
        const color = getComputedStyle(each).backgroundColor;
        return color === "rgba(0, 0, 0, 0)" && each.parentElement ? ground(each.parentElement) : color;
    };
    const texts = document.querySelectorAll("h1, h2, p, dt, dd, th, td span, code, figcaption, summary");
    return Math.min(...[...texts].map((each) => {
        const [low, high] = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    }));
})()
"""


@pytest.fixture(scope="module")
def chromium():
    """A browser; without one, a warning says what was not tried."""
    program = browser.found()
    if program is None:
        said = "no Chromium here: the report was opened in no browser (Debian: apt-get install chromium)"
        sys.__stderr__.write(f"\n{said}\n")
        pytest.skip(said)
    with browser.Browser(program) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A report of partial results, with an error and a description that mean no good."""
    lab = a_measured_lab(tmp_path_factory.mktemp("lab") / "lab", jobs=1, experiment=EXPERIMENT, error=NAME)
    path = lab / "report.html"
    with warnings.catch_warnings():
        assert Exit.PATIENCE == main(["report", str(lab / "specs" / "pair.yaml"), "-o", str(path)])
    return path


@pytest.mark.parametrize("width", WIDTHS)
def test_a_report_opens_quietly_and_fits(chromium, page, width):
    """On a telephone and on a desk: title, rows, pictures with a size, nothing wider than the window."""
    chromium.open(page, width=width)

    assert {
        "title": "pair: report",
        "heading": "pair",
        "lead": NAME,
        "standing": "Partial results: 1 of 3 jobs complete, 1 failed, 1 not measured yet; 50 of 150 runs",
        "rows": [3, 1],
        "labels": True,
        "drawn": True,
        "width": width,
        "scripts": 0,
    } == chromium.value(AS_SEEN)
    asked = [said["request"]["url"] for said in chromium.seen("Network.requestWillBeSent")]
    assert [page.as_uri()] == [url for url in asked if not url.startswith("data:image/png;")]
    assert [] == [
        *chromium.seen("Log.entryAdded"),
        *chromium.seen("Runtime.consoleAPICalled"),
        *chromium.seen("Runtime.exceptionThrown"),
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_can_be_read(chromium, page, width, scheme):
    """With the contrast that WCAG asks for, 4.5 to 1, in light and in the dark; the dark is dark."""
    chromium.open(page, width=width, scheme=scheme)
    ground = chromium.value("getComputedStyle(document.body).backgroundColor")

    assert {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"}[scheme] == ground
    assert chromium.value(CONTRAST) >= 4.5


def test_a_script_that_got_in_would_not_run(chromium, page, tmp_path):
    """The page's policy refuses it, and whatever it would fetch: nothing hangs on escaping alone."""
    harmful = tmp_path / "harmful.html"
    text = page.read_text(encoding="utf-8")
    image = "<img src='http://127.0.0.1:9/a.png' onerror='document.title = 1'>"
    inside = f"<script>document.title = 'stolen'</script>{image}"
    harmful.write_text(text.replace("<h1>", f"{inside}<h1>"), encoding="utf-8")
    chromium.open(harmful, width=400)

    assert ("pair: report", 1) == (
        chromium.value("document.title"),
        chromium.value("document.scripts.length"),
    )
    assert chromium.seen("Log.entryAdded")


def test_a_report_can_be_printed(chromium, page):
    """On paper, without what is folded away."""
    chromium.open(page, width=1400)
    content = chromium.pdf()

    assert content.startswith(b"%PDF")
    assert 1 <= content.count(b"/Type /Page\n") <= 8
