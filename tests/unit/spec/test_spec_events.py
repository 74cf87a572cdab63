"""What the two parsers of YAML are made to read: never more than it takes to say what is wrong."""

from __future__ import annotations

import pytest
import yaml

from runner.errors import SpecError
from runner.spec.yaml_text.limits import LIMITS
from runner.spec.yaml_text.loader import document

MANY = 4000  # libyaml gives up at a thousand
TOO_DEEP = f"this is nested more than {LIMITS.depth} levels deep"
NO_KEY = "a key must be text, not a list or a mapping"
ANCHOR = "anchors and aliases are not supported"

needs_libyaml = pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")


@pytest.fixture
def readings(monkeypatch):
    """The parsers in Python that were made, each with the `index` that it has come to."""
    made = []

    class Watched(yaml.SafeLoader):
        def __init__(self, text):
            super().__init__(text)
            made.append(self)

    monkeypatch.setattr(yaml, "SafeLoader", Watched)
    return made


def last_complaint(text):
    """(line, column, message) of what ended the reading."""
    with pytest.raises(SpecError) as caught:
        document(text, path="x.yaml")
    found = caught.value.problems[-1]
    return found.line, found.column, found.message


def steps(unit):
    """A line for each level, each further to the right."""
    return "\n".join(" " * level + unit for level in range(MANY // 2))


@needs_libyaml
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" * MANY, (1, 41, TOO_DEEP)),
        ("a: " + "[" * MANY, (1, 43, TOO_DEEP)),
        ("a: " + "[" * 100 * MANY, (1, 43, TOO_DEEP)),
        ("\N{BYTE ORDER MARK}ä: €\nb: " + "[" * MANY, (2, 43, TOO_DEEP)),
        ("[\n" * MANY, (41, 1, TOO_DEEP)),
        ("[[], " * MANY, (1, 197, TOO_DEEP)),
        ("[" * MANY + "]" * MANY, (1, 41, TOO_DEEP)),
        ("a: " + "{a: " * MANY, (1, 160, TOO_DEEP)),
        ("[a: " * MANY, (1, 81, TOO_DEEP)),
        ("- " * MANY, (1, 81, TOO_DEEP)),
        (steps("- "), (41, 41, TOO_DEEP)),
        (steps("a:"), (41, 41, TOO_DEEP)),
        ("{" * MANY, (1, 2, NO_KEY)),
        ("? " * MANY, (1, 3, NO_KEY)),
        ("a: " + "{? " * MANY, (1, 7, NO_KEY)),
        ("a: " + "[&a " * MANY, (1, 5, ANCHOR)),
        ("a: " + "[!a " * MANY, (1, 5, "tags like !a are not supported")),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_what_is_nested_deeply_is_refused_by_the_fast_parser(readings, text, expected):
    """At the first bracket, dash or key too many; the parser in Python, slow there, reads nothing."""
    assert (expected, []) == (last_complaint(text), readings)


def test_an_error_before_the_depth_is_the_one_that_is_told(readings):
    """Where libyaml gives up without having told of it; what explains the error does not read on."""
    text = "a: [1 " + "[" * MANY
    expected = (1, 7, "this is not YAML: expected ',' or ']', but got '[', while parsing a flow sequence")

    assert expected == last_complaint(text)
    assert all(each.index < 2000 for each in readings)


@needs_libyaml
@pytest.mark.parametrize("depth", [999, 1000, 1001])
def test_at_the_depth_that_libyaml_refuses_nothing_changes(readings, depth):
    """One level more or less than it takes."""
    assert ((1, 41, TOO_DEEP), []) == (last_complaint("[" * depth + "]" * depth), readings)


@needs_libyaml
def test_an_error_that_one_parser_sees_is_explained_without_the_rest(readings):
    """Half of a character pair is an error in libyaml, and none in Python, which would read on to the end."""
    text = 'a: "\\uD800"\n' + "b: [1, 2]\n" * 10_000
    message = "found invalid Unicode character escape code, while parsing a quoted scalar"

    assert (1, 7, f"this is not YAML: {message}") == last_complaint(text)
    assert [True] == [each.index < 5000 for each in readings]


@needs_libyaml
def test_an_error_far_down_has_its_place_and_the_words_of_the_fast_parser(readings):
    """The other one would take seconds for better words."""
    text = "k:\n" + "  - {a: 1, b: [1, 2, 3]}\n" * 10_000 + "c: d: e\n"

    assert (
        (10_002, 5, "this is not YAML: mapping values are not allowed in this context"),
        [],
    ) == (last_complaint(text), readings)


@needs_libyaml
def test_an_early_error_in_a_large_file_is_explained_without_the_rest(readings):
    """Also in a file of megabytes."""
    text = "c: d: e\n" + "k: [1, 2, 3]\n" * 200_000

    assert (1, 5, "this is not YAML: mapping values are not allowed here") == last_complaint(text)
    assert [True] == [each.index < 5000 for each in readings]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028"])
@pytest.mark.parametrize("before", ["", "--- a{end}...{end}"], ids=["first", "later"])
def test_many_tag_directives_are_refused_unread(readings, before, end):
    """Libyaml compares each with all of them; the first is shown, wherever they begin."""
    before = before.format(end=end)
    text = before + "".join(f"%TAG !t{number}! x{end}" for number in range(101)) + f"---{end}a: 1{end}"

    assert ((3 if before else 1, 1, "tags are not supported"), []) == (last_complaint(text), readings)


def test_some_tag_directives_are_read():
    """They say nothing as long as no tag is used."""
    text = "".join(f"%TAG !t{number}! x\n" for number in range(100)) + "---\na: 1\n"

    assert {"a": 1} == document(text, path="x.yaml").data
