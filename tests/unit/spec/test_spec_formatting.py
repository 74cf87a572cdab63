"""Files are put into one form, and nothing of what people wrote is lost."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import SpecError
from runner.spec.format.formatter import formatted
from runner.spec.yaml_text.limits import Limits
from runner.spec.yaml_text.loader import document

ROOT = Path(__file__).parents[3]
FILES = sorted([*(ROOT / "specs").glob("*.yaml"), *(ROOT / "tests" / "specs" / "broken").glob("*.yaml")])
WORDS = [
    "1.50",
    "1e3",
    "+1.0",
    "-0.0",
    "5",
    "on",
    "two words",
    '"a # b"',
    "'it''s'",
    '"\\u00b5 \\\\"',
    "{}",
    "[]",
]
KEYS = {
    "": ["spec", "kind", "metadata", "apiVersion", "odd"],
    "spec": ["jobs", "policy", "sequence", "tags", "device_type", "x"],
    "sequence": ["operations", "variables", "device", "register"],
    "jobs": ["sweep", "runs", "name"],
    "policy": ["budget", "retry", "runs"],
    "sweep": ["z", "a"],
}


def form(text):
    """The text in form."""
    return formatted(text, path="x.yaml")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:   1\nb :  2   # two\n", "a: 1\nb: 2     # two\n"),
        ("a: {b: 1,c: [ 1 ,2 ] }", "a: {b: 1, c: [1, 2]}\n"),
        ("a: 1   # x\nbb: 2  # y\n", "a: 1   # x\nbb: 2  # y\n"),
        ("a:\n- b: 1\n  c: 2\n-   d\n# end\n", "a:\n  - b: 1\n    c: 2\n  - d\n# end\n"),
        ("a:\n    b:\n        - 1\n    # c\n\n    d: 1\n", "a:\n  b:\n    - 1\n  # c\n\n  d: 1\n"),
        ("- - 1\n  - 2\n-\n    a: 1\n", "- - 1\n  - 2\n-\n  a: 1\n"),
        ("a: |\n     x\n       y\n\nb: >2-\n    z\n", "a: |\n  x\n    y\n\nb: >2-\n    z\n"),
        ("a:\r\n    b: 1\r\n", "a:\r\n  b: 1\r\n"),
        ("a:\n    'x\n     y'\n", "a:\n  'x\n   y'\n"),
        (
            "a: {\n    b: 1 , # one\n    # two\n    c: 2\n}\n",
            "a: {\n    b: 1,  # one\n    # two\n    c: 2\n}\n",
        ),
        ("\n\n# top\n---\na: 1   \n\n\n\nb: 2\n\n\n", "# top\n---\na: 1\n\n\n\nb: 2\n"),
        ("a: 1\nb: |+\n  x\n\n", "a: 1\nb: |+\n  x\n\n"),
    ],
)
def test_spaces_are_as_in_every_file_and_words_as_they_were_typed(before, after):
    """Two columns a level, one space between parts; lines, quotes, numbers and comments stay."""
    assert after == form(before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# head\nkind: E\n# v1\napiVersion: v\nx: 1\n", "# head\n# v1\napiVersion: v\nkind: E\nx: 1\n"),
        (
            "spec:\n  jobs:\n  - sweep: {z: 1, a: 2}\n    # how often\n    runs: 5  # five\n",
            "spec:\n  jobs:\n    # how often\n    - runs: 5  # five\n      sweep: {z: 1, a: 2}\n",
        ),
        (
            "spec:\n  tags: [b, a]\n  policy: {budget: {qpu_s: 1,  runs: 2}, runs: exact}\n  # last\n",
            "spec:\n  policy: {runs: exact, budget: {runs: 2, qpu_s: 1}}\n  tags: [b, a]\n  # last\n",
        ),
        (
            "metadata:\n  description: |\n    text\n\n  name: x\n",
            "metadata:\n\n  name: x\n  description: |\n    text\n",
        ),
    ],
)
def test_keys_stand_in_the_order_of_the_schema_with_their_comments(before, after):
    """Keys that the author names, as those of a sweep, keep their order, for it means something."""
    assert after == form(before)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_files_of_this_repository_say_the_same_in_form(path):
    """The examples are in form; what is broken for its content can be put into form all the same."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    try:
        before = document(text, path="x.yaml")
    except SpecError:
        before = None
    if before is None or before.problems:
        with pytest.raises(SpecError):
            form(text)
        return
    after = form(text)

    assert (before.data, comments(text)) == (document(after, path="x.yaml").data, comments(after))
    assert after == form(after)
    assert path.parent.name != "specs" or after == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", "x.yaml:1:"),
        ("a: &b 1\nc: *b\n", "anchors and aliases are not supported"),
        ("a: 1\na: 2\n", "the key a stands twice"),
        ("a: .nan\n", "not a finite number"),
        ("? a\n: 1\n", "x.yaml:1:1: a key that begins with ? is not put into form"),
        ("b: 1\n\n\ufeff# lost?\na: 2\n", "the file cannot be put into form without changing what it says"),
        ("[" * 41, "nested more than 40 levels"),
        ("a: " + "x" * 100, "more than 90 characters"),
    ],
)
def test_what_cannot_be_read_is_refused_as_ever(text, said):
    """With the place and the words that validation has for it."""
    with pytest.raises(SpecError) as caught:
        formatted(text, path="x.yaml", limits=Limits(characters=90))

    assert said in str(caught.value)


def comments(text):
    """All comments, whatever their order; none of the tests' texts has one within quotes."""
    return sorted(re.findall(r"(?m)(?:^|(?<=\s))#(?![^\"]*\"[^\"\n]*$).*?(?=\s*$)", text))


class Author:
    """Someone who writes YAML as they please."""

    def __init__(self, random):
        self.random = random
        self.comments = 0

    def pick(self, *some):
        """One of some."""
        return self.random.choice(some)

    def comment(self, chance=5):
        """A comment, or nothing."""
        if self.random.randrange(chance):
            return ""
        self.comments += 1
        return "#" + self.pick("", " ", "  ") + f"c{self.comments}:"

    def between(self, lines, column):
        """Blank lines and comments on lines of their own."""
        while not self.random.randrange(4):
            comment = self.comment(2)
            lines.append(" " * max(column + self.pick(0, 0, 0, -2, 3), 0) + comment if comment else "")

    def behind(self):
        """What may stand behind a value."""
        comment = self.comment()
        return self.pick(" ", "   ") + comment if comment else self.pick("", "", "  ")

    def flow(self, depth, name):
        """A value on one line."""
        gap = lambda: self.pick("", "", " ")  # noqa: E731
        if depth > 2 or self.random.random() < 0.5:
            return self.pick(*WORDS)
        if self.random.random() < 0.5:
            return f"[{gap()}{f'{gap()}, '.join(self.flow(depth + 1, name) for _ in range(2))}{gap()}]"
        pairs = [f"{key}: {gap()}{self.flow(depth + 1, key)}" for key in self.keys(name)]
        return f"{{{gap()}{f',{gap()} '.join(pairs)}{gap()}}}"

    def keys(self, name):
        """Some keys of a mapping, in any order."""
        known = KEYS.get(name, ["p", "q"])
        return self.random.sample(known, self.random.randint(1, len(known)))

    def braces(self, column, name):
        """A mapping in braces on several lines."""
        lines = ["{" + self.behind()]
        for key in self.keys(name):
            self.between(lines, column + 2)
            lines.append(" " * (column + self.pick(2, 5)) + f"{key}: {self.flow(2, key)},{self.behind()}")
        return [*lines, " " * column + self.pick("}", "  }") + self.behind()]

    def text(self, column):
        """A block of text."""
        lines = [self.pick("|", ">", "|-", "|+") + self.behind()]
        inner = column + self.pick(1, 2, 4)
        lines += [" " * inner + self.pick("x", "# no comment", "  y: [", "z") for _ in range(2)]
        return [lines[0], " " * inner + "t", *lines[1:], *self.pick([], [""])]

    def value(self, column, name, depth, steps=(1, 2, 4)):
        """What stands behind a key or a dash: the rest of the line, and lines below.

        Args:
            column: Of the key, or of the dash.

            steps: How far a list may be indented.
        """
        kind = self.pick("flow", "flow", "text", "braces", "map", "list", "map", "list")
        if depth > 4 or kind == "flow":
            return [self.flow(0, name) + self.behind()]
        if kind == "text":
            return self.text(column)
        if kind == "braces":
            return self.braces(column + 1, name)
        if kind == "map":
            return [self.behind(), *self.mapping(column + self.pick(1, 2, 2, 4), name, depth + 1)]
        return [self.behind(), *self.list(column + self.pick(*steps), name, depth + 1)]

    def mapping(self, column, name, depth):
        """A mapping in lines."""
        lines = []
        for key in self.keys(name):
            self.between(lines, column)
            first, *rest = self.value(column, key, depth, (0, 2, 4))
            lines += [" " * column + key + self.pick(":", ":", " :") + self.pick(" ", "   ") + first, *rest]
        return lines

    def list(self, column, name, depth):
        """A list in lines."""
        lines = []
        for _ in range(self.random.randint(1, 3)):
            self.between(lines, column)
            if self.random.random() < 0.5:
                gap = self.pick(1, 1, 3)
                block = self.mapping(column + 1 + gap, name, depth + 1)
                while not block[0].strip() or block[0].lstrip().startswith("#"):
                    block = block[1:]
                lines += [" " * column + "-" + block[0][column + 1 :], *block[1:]]
            else:
                first, *rest = self.value(column, name, depth)
                lines += [" " * column + "- " + first, *rest]
        return lines


@given(seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_a_form_means_the_same_keeps_every_comment_and_is_final(seed):
    """Whatever way a file was written in."""
    author = Author(Random(seed))
    text = "\n".join(author.mapping(0, "", 0)) + author.pick("\n", "", "\n\n")
    before = document(text, path="x.yaml")
    after = form(text)

    assert (before.data, marks(text)) == (document(after, path="x.yaml").data, marks(after))
    assert after == form(after)


def marks(text):
    """The comments of an author."""
    return sorted(re.findall(r"# *c\d+:", text))
