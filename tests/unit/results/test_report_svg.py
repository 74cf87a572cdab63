"""Pictures put into a page."""

from __future__ import annotations

import pytest

from runner.errors import RunnerError
from runner.results.report import inlined

HEAD = (
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/d.dtd">'
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' width="20pt" height="10pt" viewBox="0 0 20 10">'
)


def placed(inside):
    """What becomes of the inside of a picture."""
    made = inlined(f"{HEAD}{inside}</svg>", label="<pulses>", prefix="a-")
    head = (
        '<svg viewBox="0 0 20 10" width="20pt" height="10pt" role="img" aria-label="&lt;pulses&gt;"'
        ' style="stroke-linejoin: round; stroke-linecap: butt">'
    )
    assert made.startswith(head)
    assert made.endswith("</svg>")
    return made[len(head) : -len("</svg>")]


@pytest.mark.parametrize(
    ("inside", "left"),
    [
        ("<script>alert(1)</script>", ""),
        ("<style>@import 'http://a';</style>", ""),
        ("<foreignObject><p>a</p></foreignObject>", ""),
        ('<a href="javascript:alert(1)"><text>a</text></a>', ""),
        ("<metadata>1</metadata>", ""),
        ('<g onload="alert(1)"></g>', "<g></g>"),
        ('<image href="http://a/b.png"/>', "<image></image>"),
        ('<image xlink:href="data:image/svg+xml;base64,AA"/>', "<image></image>"),
        ('<g style="fill: url(http://a)"></g>', "<g></g>"),
        (r'<g style="fill: u\72l(http://a)"></g>', "<g></g>"),
        ('<use href="other.svg#a"/>', "<use></use>"),
        ("<text>&lt;script&gt;</text>", "<text>&lt;script&gt;</text>"),
        ("<svg><g/></svg>", ""),
    ],
)
def test_nothing_in_it_runs_or_asks_for_anything(inside, left):
    """Shapes and texts are kept, and of their attributes those that stay within the page."""
    assert left == placed(inside)


def test_names_get_a_prefix_wherever_they_stand():
    """Two pictures of matplotlib name their parts alike."""
    inside = (
        '<defs><clipPath id="p1"><rect width="1"/></clipPath>'
        '<path id="m1" d="M 0 0.12345 \n L 1 -2.999"/></defs>'
        '<g clip-path="url(#p1)"><use xlink:href="#m1" style="fill: url(#h1)"/></g>'
        '<image xlink:href="data:image/png;base64,AA\nBB"/>'
    )

    assert (
        '<defs><clipPath id="a-p1"><rect width="1"></rect></clipPath>'
        '<path id="a-m1" d="M 0 0.12 L 1 -2.99"></path></defs>'
        '<g clip-path="url(#a-p1)"><use href="#a-m1" style="fill: url(#a-h1)"></use></g>'
        '<image href="data:image/png;base64,AABB"></image>'
    ) == placed(inside)


def test_texts_stay_whole():
    """With what stands between the parts of them."""
    assert "<text>a <tspan>b</tspan> c</text>" == placed("<text>a <tspan>b</tspan> c</text>\n")


@pytest.mark.parametrize("text", ["no XML", "<p/>", '<svg xmlns="http://www.w3.org/2000/svg"/>'])
def test_what_is_no_picture_is_refused(text):
    """With what it should have shown."""
    with pytest.raises(RunnerError, match=r"^the picture of pulses is no SVG"):
        inlined(text, label="pulses", prefix="")
