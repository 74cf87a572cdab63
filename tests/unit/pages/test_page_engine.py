"""Templates that cannot take a text for HTML."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

import runner
from runner.pages import printable, rendered

ROOM = Path(runner.__file__).parent
_HOLE = re.compile(r"\|\s*safe|autoescape")


@pytest.fixture
def filled(tmp_path, monkeypatch):
    """Fills a template, given as text, of a package of its own."""
    package = tmp_path / f"templates_of_{tmp_path.name}"
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def fill(template, **values):
        (package / "templates" / "page.html").write_text(template, encoding="utf-8")
        return rendered(package.name, "page.html", **values)

    yield fill
    sys.modules.pop(package.name, None)


def test_texts_are_escaped_between_tags_and_between_quotes(filled):
    """Whatever they hold; HTML is not, twice; None is nothing."""
    made = filled(
        '<p class="{{ name }}">{{ text }}{{ inner }}{{ nothing }}{{ number }}</p>',
        name='"><script>',
        text="'<\"",
        inner=Markup("<b>&lt;</b>"),
        nothing=None,
        number=3,
    )

    assert '<p class="&#34;&gt;&lt;script&gt;">&#39;&lt;&#34;<b>&lt;</b>3</p>' == made


@pytest.mark.parametrize(
    "changed",
    [
        "{{ html ~ text }}",
        "{{ text ~ html }}",
        "{{ html + text }}",
        "{{ html.replace('b', text) }}",
        "{{ html.format(text) }}",
        "{{ '%s' | format(text) }}",
        "{% set both %}{{ html }}{{ text }}{% endset %}{{ both }}",
        "{% macro part(each) %}{{ each }}{% endmacro %}{{ part(text) }}",
    ],
)
def test_what_is_put_to_html_is_escaped(filled, changed):
    """So that nothing slips in on the way."""
    assert "<script>" not in filled(changed, html=Markup("<b>{}</b>"), text="<script>")


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe"])
def test_what_no_browser_may_be_given_is_replaced(filled, letter):
    """Control characters, and what no file can hold."""
    expected = "a\N{REPLACEMENT CHARACTER}b"

    assert (expected, expected) == (printable(f"a{letter}b"), filled("{{ text }}", text=f"a{letter}b"))


def test_a_name_that_a_template_is_not_given_is_an_error(filled):
    """A page never leaves a part out in silence."""
    with pytest.raises(UndefinedError):
        filled("{{ forgotten }}")


def test_two_modules_say_that_a_text_is_html():
    """Whoever looks for holes has two places to look at, pictures and parts; no template says it."""
    modules = {
        path.relative_to(ROOM).as_posix(): path.read_text(encoding="utf-8").count("Markup(")
        for path in ROOM.rglob("*.py")
    }
    templates = [path for path in ROOM.rglob("templates/*") if path.suffix == ".html"]

    said = {name: count for name, count in modules.items() if count}
    assert {"pages/engine.py": 1, "results/report/svg.py": 1} == said
    assert len(templates) > 3
    assert [] == [path.name for path in templates if _HOLE.search(path.read_text(encoding="utf-8"))]
