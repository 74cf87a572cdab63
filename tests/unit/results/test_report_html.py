"""HTML that cannot hold a text by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

import runner
from runner.results.report.html import Html, element, escaped, joined


def test_children_and_attributes_are_escaped():
    """Texts are, whatever they hold; HTML is not, twice."""
    inner = element("b", "<i>&")
    made = element("p", "'<\"", inner, None, 3, class_='"><script>', data_label="<b>", hidden=True, id=None)

    assert (
        '<p class="&quot;&gt;&lt;script&gt;" data-label="&lt;b&gt;" hidden>'
        "&#x27;&lt;&quot;<b>&lt;i&gt;&amp;</b>3</p>"
    ) == made


def test_html_in_an_attribute_is_escaped_all_the_same():
    """What is right between tags ends an attribute."""
    assert '<p title="&lt;b&gt;&quot;&lt;/b&gt;"></p>' == element("p", title=Html('<b>"</b>'))


@pytest.mark.parametrize(
    "changed",
    [
        lambda html: html + "<script>",
        lambda html: "<script>" + html,
        lambda html: f"{html}<script>",
        lambda html: html.replace("b", "script"),
        lambda html: html.format("<script>"),
    ],
    ids=["behind", "before", "formatted", "replaced", "format"],
)
def test_html_that_was_changed_is_a_text_again(changed):
    """So that nothing slips in on the way: it is escaped where it is put in."""
    assert "<script>" not in element("p", changed(element("b", "{}")))


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe"])
def test_what_no_browser_may_be_given_is_replaced(letter):
    """Control characters, and what no file can hold."""
    assert "a\N{REPLACEMENT CHARACTER}b" == escaped(f"a{letter}b")


def test_some_are_put_one_after_the_other():
    """With an escaped text between them."""
    assert "&lt; &amp; <b></b>" == joined("<", element("b"), between=" & ")


def test_only_one_module_says_that_a_text_is_html():
    """And one more of our own style sheet: whoever looks for holes has two places to look at."""
    room = Path(runner.__file__).parent
    saying = {
        path.name: path.read_text(encoding="utf-8").count("return Html(")
        for path in (room / "results" / "report").glob("*.py")
        if "return Html(" in path.read_text(encoding="utf-8")
    }

    assert {"html.py": 3, "page.py": 1} == saying
