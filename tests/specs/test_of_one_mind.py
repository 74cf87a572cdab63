"""The models judge, and editors judge by the published schema: both are of one mind on every file."""

from __future__ import annotations

import copy
from pathlib import Path

import jsonschema
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from runner.errors import SpecError
from runner.spec.models.experiment import Experiment
from runner.spec.validate.schema import experiment_schema
from runner.spec.yaml_text.loader import document

ROOT = Path(__file__).parents[2]
SCHEMA = jsonschema.Draft202012Validator(experiment_schema())
NUMBERS = (True, 0, -1, 1, 1.5, 2.0, 1e300, 10**20)
VALUES = (*NUMBERS, "", "x", "2 *", "é" * 50, [], [1], [1, 2], [[1]], {}, {"a": 1}, {"2x": "int"})
KEYS = ("x", "sweep", "variables", "repeat", "file", "name")
# What a schema has no words for: grammars and moments.
BEYOND = frozenset({"expression", "moment", "pattern"})


def readable_files():
    """Content of every experiment file of this repository that is YAML, by name."""
    for path in sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("tests/specs/broken/*.yaml")]):
        try:
            read = document(path.read_text(encoding="utf-8"), path=path.name)
        except SpecError:
            continue
        if not read.problems:
            yield path.stem, read.data


FILES = dict(readable_files())


def places(content, *steps):
    """The way to every value below a value."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for step, value in items:
        yield (*steps, step)
        if isinstance(value, dict | list):
            yield from places(value, *steps, step)


def value_at(content, steps):
    """The value that some steps lead to."""
    for step in steps:
        content = content[step]
    return content


PARTS = tuple(value_at(content, steps) for content in FILES.values() for steps in places(content))


def is_beyond(complaint):
    """Whether a complaint of the models is about what a schema can't say."""
    match complaint:
        case {"type": "int_type", "input": float() as number}:
            return number.is_integer()  # to a schema, 2.0 is a whole number
        case {"type": "too_short", "input": given, "ctx": {"min_length": least}}:
            return len(given) >= least  # items that are wrong were not counted
        case {"type": "string_too_long", "loc": (*_, "[key]")}:
            return True
    return complaint["type"] in BEYOND


def verdicts(content):
    """(what the models say, what the schema says): True where they take it, None where it can't tell."""
    is_taken = SCHEMA.is_valid(content)
    try:
        Experiment.model_validate(content)
    except ValidationError as error:
        is_told = not all(is_beyond(each) for each in error.errors(include_url=False))
        return False, is_taken if is_told else None
    return True, is_taken


def test_there_are_files_of_both_kinds():
    """What is judged here is good and bad, and most of the bad can be told by a schema."""
    found = [verdicts(content) for content in FILES.values()]

    assert found.count((True, True)) > 20
    assert found.count((False, False)) > 30


def test_both_agree_on_every_file():
    """Whatever the models take, the schema takes; what they refuse, it refuses if it has words for it."""
    differ = {name for name, content in FILES.items() if verdicts(content) in {(True, False), (False, True)}}

    assert differ == set()


@st.composite
def changed_files(draw):
    """A file of which one value is gone, or is another one, or has one more beside it."""
    content = copy.deepcopy(FILES[draw(st.sampled_from(sorted(FILES)))])
    *steps, last = draw(st.sampled_from(list(places(content))))
    owner, value = value_at(content, steps), draw(st.sampled_from(VALUES) | st.sampled_from(PARTS))
    match draw(st.sampled_from(["gone", "other", "beside"])):
        case "gone":
            del owner[last]
        case "beside" if isinstance(owner, dict):
            owner[draw(st.sampled_from(KEYS))] = copy.deepcopy(value)
        case _:
            owner[last] = copy.deepcopy(value)
    return content


@settings(max_examples=150)
@given(changed_files())
@example({})
def test_both_agree_on_changed_files(content):
    """So an editor marks what the runner would refuse, and nothing else."""
    assert verdicts(content) not in {(True, False), (False, True)}


def test_no_value_is_nothing():
    """The one thing that only the schema refuses never comes to the models: the reader refuses it first."""
    read = [document(text, path="x.yaml") for text in ("a:\n", "a: [~]\n", "[{b: }, c]\n", "a: {null: 1}\n")]

    assert [1, 1, 1, 1] == [len(each.problems) for each in read]
