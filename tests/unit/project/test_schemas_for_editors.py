"""Published schemas are complete, and put where editors look for it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from published_schemas import SHOWN, keys, refused

from runner.spec.validate.editor_schema import published

SCHEMAS = sorted((Path(__file__).parents[3] / "schemas").glob("*.json"))
UNITS = {"_ns": "(in ns)", "_um": "(in µm)", "_s": "(in s)", "_gauss": "(in gauss)"}
# Their unit is that of requests per second, and stands in their name alone.
RATES = {"StructureFactor.k_rad_per_um", "Target.requests_per_s"}


@pytest.fixture(params=SCHEMAS, ids=lambda path: path.name.partition(".")[0])
def schema(request):
    """A published schema."""
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_every_key_is_explained_and_shown(schema):
    """Each has a description, and an example or a choice; the description of a mapping holds its example."""
    found = dict(keys(schema))

    assert len(found) > 15
    assert [] == [path for path, member in found.items() if not member.get("description")]
    assert [] == [path for path, member in found.items() if not SHOWN & set(member)]


def test_every_number_says_its_unit(schema):
    """The description of a key says the unit that its name ends with."""
    lacking = [
        path
        for path, member in keys(schema)
        for end, unit in UNITS.items()
        if path.endswith(end) and unit not in member["description"] and path not in RATES
    ]

    assert [] == lacking


def test_no_example_is_refused(schema):
    """What an editor shows, or inserts, is valid where it is shown."""
    assert [] == refused(schema)


def test_the_walk_sees_what_is_wrong():
    """A key without a word, deep inside, and an example of the wrong type are found."""
    said = {"description": "x", "examples": [1], "type": "string"}
    inner = {"type": "object", "required": ["b"], "properties": {"b": {}}}
    rule = {"if": {"required": ["a"], "properties": {"a": {"const": 1}}}}
    node = {"type": "object", "properties": {"a": said, "c": {"items": inner}}, **rule}
    schema = {"title": "Top", **node, "$defs": {"M": inner}}

    assert {"Top.a": said, "Top.c": {"items": inner}, "Top.c.b": {}, "M.b": {}} == dict(keys(schema))
    assert [("Top.a", 1)] == refused(schema)


def test_a_mapping_as_example_becomes_a_snippet_with_a_name():
    """Editors offer it under its text; beside a reference, the snippet goes to the model."""
    square = {"square": {"side": 3}}
    given = {
        "properties": {
            "place": {
                "$ref": "#/$defs/Place",
                "title": "Place",
                "description": "Where.",
                "examples": [square],
            },
            "drive": {"oneOf": [{"type": "number"}, {"$ref": "#/$defs/Shape"}], "description": "How strong."}
            | {"examples": [1.5, square]},
        },
        "$defs": {
            "Place": {"title": "Place", "description": "A place.", "type": "object"},
            "Shape": {"title": "Shape", "description": "A shape.", "type": "object"},
        },
    }
    snippet = {"label": "{square: {side: 3}}", "body": square}
    shown = "\n\nExample: `{square: {side: 3}}`"

    assert {
        "properties": {
            "place": {
                "$ref": "#/$defs/Place",
                "title": "place",
                "description": "Where.",
                "markdownDescription": f"Where.{shown}",
            },
            "drive": {
                "oneOf": [{"type": "number"}, {"$ref": "#/$defs/Shape"}],
                "title": "drive",
                "description": "How strong.",
                "examples": [1.5],
                "markdownDescription": f"How strong.{shown}",
                "defaultSnippets": [snippet],
            },
        },
        "$defs": {
            "Place": {
                "title": "Place",
                "description": "A place.",
                "type": "object",
                "defaultSnippets": [snippet],
            },
            "Shape": {"type": "object"},
        },
    } == published(given)


def test_names_with_a_pattern_are_held_to_it():
    """One pattern for all keys is said in words that completion knows; the rule is the same."""
    given = {"type": "object", "patternProperties": {"^[a-z]$": {"enum": ["int"]}}}
    validator = jsonschema.Draft202012Validator(published(given))

    assert {
        "type": "object",
        "propertyNames": {"title": "name", "pattern": "^[a-z]$"},
        "additionalProperties": {"enum": ["int"]},
    } == published(given)
    assert [True, False, False] == [
        validator.is_valid(value) for value in ({"a": "int"}, {"a": "float"}, {"A": "int"})
    ]
