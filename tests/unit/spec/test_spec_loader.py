"""Reading YAML: places, traps, and files that mean harm."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from texts import GOOD

from runner.errors import SpecError
from runner.spec import parse
from runner.spec.yaml_text.document import Place
from runner.spec.yaml_text.limits import LIMITS
from runner.spec.yaml_text.loader import document

NOT_YAML = "this is not YAML"
IN_LIST = "while parsing a flow sequence"
CANNOT_START = "cannot start any token"
LOOKING = "while scanning for the next token"
NO_LETTER = "found invalid Unicode character escape code"
LONG_VERSION = "found extremely long version number, while scanning a %YAML directive"
LONG_KEY = "this key, with those around it, has more than 1,000 characters"


def data(text):
    """What the reader makes of a text."""
    return document(text, path="x.yaml").data


def complaints(text):
    """(line, column, message) of everything that the reader has to say."""
    try:
        found = document(text, path="x.yaml").problems
    except SpecError as error:
        found = error.problems
    return [(each.line, each.column, each.message) for each in found]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("no", "no"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("1e3", 1000),
        ("1.5e-3", 0.0015),
        (".5", 0.5),
        ("5.", 5.0),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("010", "010"),
        ("0o10", "0o10"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-03-01", "2026-03-01"),
        ("١", "١"),
        ("=", "="),
        ("'1'", "1"),
        ('"null"', "null"),
    ],
)
def test_plain_words_mean_what_they_seem_to_mean(word, value):
    """A word is a number or a boolean only if nobody could take it for something else."""
    read = data(f"key: {word}")

    assert {"key": value} == read
    assert type(value) is type(read["key"])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (".nan", ".nan is not a finite number"),
        ("-.inf", "-.inf is not a finite number"),
        ("1e999", "1e999 is too large for a number"),
        (
            "9007199254740993",
            "9007199254740993 is too large to be kept exactly: whole numbers stay below 2^53",
        ),
        ("9" * 5000, "a number of 5000 characters is too long"),
    ],
)
def test_numbers_that_cannot_be_kept_are_refused(word, message):
    """NaN, infinity and numbers beyond JSON's are problems at their place."""
    assert [(1, 6, message)] == complaints(f"key: {word}")


def test_every_key_and_value_has_a_place():
    """Places are those of keys and values, by JSON pointer, counted from 1."""
    read = document("a:\n  - b: 1\n    'c/d': [x, µ: y]\n", path="x.yaml")

    assert read.data == {"a": [{"b": 1, "c/d": ["x", {"µ": "y"}]}]}
    assert {
        "": Place(1, 1),
        "/a": Place(2, 3),
        "/a/0": Place(2, 5),
        "/a/0/b": Place(2, 8),
        "/a/0/c~1d": Place(3, 12),
        "/a/0/c~1d/0": Place(3, 13),
        "/a/0/c~1d/1": Place(3, 16),
        "/a/0/c~1d/1/µ": Place(3, 19),
    } == read.values
    assert {
        "/a": Place(1, 1),
        "/a/0/b": Place(2, 5),
        "/a/0/c~1d": Place(3, 5),
        "/a/0/c~1d/1/µ": Place(3, 16),
    } == read.keys


def test_a_key_that_stands_twice_names_both_places():
    """The second one is reported, and says where the first one is."""
    text = "a: 1\nb: {c: 2}\na: {b: 3, b: 4}\n"

    assert complaints(text) == [
        (3, 1, "the key a stands twice: here and on line 1"),
        (3, 11, "the key b stands twice: here and on line 3"),
    ]
    assert data(text) == {"a": 1, "b": {"c": 2}}


def test_values_that_are_missing_are_all_reported():
    """An empty value is a problem of its key; the rest is read all the same."""
    text = "a:\nb: [1, null, 3]\nc: ~\nd: 4\n"

    assert complaints(text) == [
        (1, 1, "a has no value"),
        (2, 8, "this item of the list is empty"),
        (3, 1, "c has no value"),
    ]
    assert data(text) == {"b": [1, None, 3], "d": 4}


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "---\n", "null\n"])
def test_an_empty_file_says_so(text):
    """A file without content is one problem at its beginning."""
    assert complaints(text) == [(1, 1, "the file is empty")]


@pytest.mark.parametrize(
    ("text", "place_and_message"),
    [
        ("a: &x 1\n", (1, 4, "anchors and aliases are not supported")),
        ("a: *x\n", (1, 4, "anchors and aliases are not supported")),
        ("a: !!python/x y\n", (1, 4, "tags like tag:yaml.org,2002:python/x are not supported")),
        ("a: !!str 1\n", (1, 4, "tags like tag:yaml.org,2002:str are not supported")),
        ("<<: {a: 1}\n", (1, 1, "merge keys are not supported")),
        ("a: 1\n---\nb: 2\n", (2, 1, "a second document begins here")),
        ("? [a]\n: 1\n", (1, 3, "a key must be text, not a list or a mapping")),
        ("1: a\n", (1, 1, "a key must be text, not 1")),
        ("true: {a: b}\n", (1, 1, "a key must be text, not true")),
        ("? \n: a\n", (1, 2, "a key must be text, not nothing")),
        ("a: \x07\n", (1, 4, "a text file can't hold this character")),
        ("a: \ud800\n", (1, 4, "a text file can't hold this character")),
        ("a: b: c\n", (1, 5, "this is not YAML: mapping values are not allowed here")),
        ("a: [1, 2\n", (2, 1, f"{NOT_YAML}: expected ',' or ']', but got '<stream end>', {IN_LIST}")),
        ('a: "\\uD800"\n', (1, 7, f"{NOT_YAML}: {NO_LETTER}, while parsing a quoted scalar")),
        ('a: "\\UFFFFFFFF"\n', (1, 7, f"{NOT_YAML}: {NO_LETTER}, while parsing a quoted scalar")),
        (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", (1, 18, f"{NOT_YAML}: {LONG_VERSION}")),
        (f"a: 1\n? {'x' * 1000}\n: [1, 2]\n", (2, 3, LONG_KEY)),
        (f"{'x' * 600}:\n  {'y' * 600}: 1\n", (2, 3, LONG_KEY)),
        ("a:\n\t- b\n", (2, 1, f"{NOT_YAML}: found character '\\t' that {CANNOT_START}, {LOOKING}")),
    ],
)
def test_what_is_not_taken_is_refused_at_its_place(text, place_and_message):
    """Each way of writing YAML that we do not take has its own words."""
    assert place_and_message == complaints(text)[-1]


def test_a_large_file_is_refused_unread():
    """Size is looked at before content."""
    assert complaints("a" * (LIMITS.characters + 1)) == [
        (1, 1, "the file has more than 5,000,000 characters")
    ]


def test_a_flood_of_problems_is_cut():
    """After a hundred problems the reader gives up and says so."""
    found = complaints("".join(f"k{i}:\n" for i in range(1000)))

    assert len(found) == 101
    assert (100, 1, "there are more than 100 problems; the rest was not read") in found


def test_lines_are_counted_as_yaml_counts_them():
    """CR, CRLF and the exotic line ends count as YAML counts them, and the excerpt is the right line."""
    with pytest.raises(SpecError) as caught:
        document("a: 1\r\nb: 2\rc: 3\u2028d: &x 4\n", path="x.yaml")

    assert [(each.excerpt, each.line, each.column) for each in caught.value.problems] == [("d: &x 4", 4, 4)]


_PIECES = st.sampled_from(
    [*" \n:-[]{},'\"#&*!|>%@`?\t", "a", "runs", "- ", ": ", "\n  ", "1", "µ", "<<", "---"]
)


@settings(max_examples=200)
@given(st.one_of(st.text(), st.lists(_PIECES).map("".join)))
@example("? ? a\n: b")
@example("- - - ?")
@example("{a: b, ? }")
def test_whatever_the_text_there_is_no_other_error(text):
    """Random text is refused with problems, and never with a traceback."""
    with pytest.raises(SpecError) as caught:
        parse(text, path="x.yaml")

    assert caught.value.problems


@settings(max_examples=200)
@given(st.integers(0, len(GOOD)), st.integers(0, 30), st.one_of(st.text(max_size=5), _PIECES))
def test_a_damaged_file_is_refused_or_read(position, length, inserted):
    """A good file with a part of it replaced is read or refused, and never fails otherwise."""
    text = GOOD[:position] + inserted + GOOD[position + length :]
    try:
        outcome = parse(text, path="x.yaml").jobs
    except SpecError as error:
        outcome = error.problems

    assert outcome
