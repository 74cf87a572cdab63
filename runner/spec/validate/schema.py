"""The published JSON Schema of the experiment file, and what it says about a place of a file."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypedDict

from runner.spec.models.experiment import Experiment
from runner.spec.validate.editor_schema import published
from runner.spec.yaml_text.json_pointers import parent, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.domain.json_values import Json

# What is read here of a JSON Schema as we publish it.
Schema = TypedDict(
    "Schema",
    {
        "$defs": "dict[str, Schema]",
        "$ref": str,
        "type": str,
        "description": str,
        "examples": "list[Json]",
        "pattern": str,
        "properties": "dict[str, Schema]",
        "items": "Schema",
        "additionalProperties": "Schema | bool",
        "oneOf": "list[Schema]",
    },
    total=False,
)


_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def experiment_schema() -> Schema:
    """JSON Schema of an experiment file, draft 2020-12. Do not change what you get; it is shared."""
    schema: Any = {"$schema": _DIALECT, **published(Experiment.model_json_schema(by_alias=True))}
    whole: Schema = schema
    return whole


@dataclass(frozen=True, slots=True)
class Guide:
    """What may stand at one place.

    Args:
        keys: Description of every key that a mapping there may have; where it may be one of several and is
            like none, of all of them.

        pattern: What a text there looks like, as a regular expression; empty where that is not said.
    """

    description: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Json, ...] = ()
    pattern: str = ""


def guide_at(data: Json, pointer: str) -> Guide:
    """The schema's words on the value at a pointer, which need not be there.

    Args:
        data: Content of the file; it decides between alternatives of the schema.
    """
    node, said = experiment_schema(), Schema()
    for step in steps_of(pointer):
        node = said = _member(_branch(node, data), step)
        data = _content(data, step)
    keys = {
        name: member.get("description", "")
        for branch in _nearest_branches(node, data)
        for name, member in branch.get("properties", {}).items()
    }
    return Guide(said.get("description", ""), keys, tuple(said.get("examples", ())), said.get("pattern", ""))


def _content(data: Json, step: str) -> Json:
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and step.isdecimal() and int(step) < len(data):
        return data[int(step)]
    return None


def _member(node: Schema, step: str) -> Schema:
    candidates = (node.get("properties", {}).get(step), node.get("items"), node.get("additionalProperties"))
    return next((each for each in candidates if each is not None and not isinstance(each, bool)), Schema())


def _branch(node: Schema, data: Json) -> Schema:
    """The alternative of a node that the data comes nearest to, the first of several."""
    return next(iter(_nearest_branches(node, data)), Schema())


def _nearest_branches(node: Schema, data: Json) -> list[Schema]:
    kind = "array" if isinstance(data, list) else "object"
    fitting = [branch for branch in _branches(node) if branch.get("type") == kind]
    if len(fitting) <= 1:  # there is nothing to choose from
        return fitting
    known = [_known_keys(branch, data) for branch in fitting]
    return [branch for branch, count in zip(fitting, known, strict=True) if count == max(known)]


def _branches(node: Schema) -> Iterator[Schema]:
    if "$ref" in node:
        yield from _branches(experiment_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    elif "oneOf" in node and "type" not in node:
        for branch in node["oneOf"]:
            yield from _branches(branch)
    else:
        yield node


def _known_keys(branch: Schema, data: Json) -> int:
    # The schema has few keys, and a file may have very many.
    return sum(key in data for key in branch.get("properties", ())) if isinstance(data, dict) else 0


class KeyOrders:
    """The keys that the schema knows at the mappings of a file, each place looked up once.

    Args:
        data: Content of the file; it decides between alternatives of the schema.
    """

    def __init__(self, data: Json) -> None:
        self._known: dict[str, tuple[Schema, Json]] = {"": (_branch(experiment_schema(), data), data)}

    def at(self, pointer: str) -> tuple[str, ...]:
        """Keys at a pointer in the order of the schema; none where the author names the keys."""
        return tuple(self._place(pointer)[0].get("properties", ()))

    def _place(self, pointer: str) -> tuple[Schema, Json]:
        """What the schema says at a pointer, and what is there."""
        found = self._known.get(pointer)
        if found is None:
            node, data = self._place(parent(pointer))
            (step,) = steps_of(pointer[pointer.rindex("/") :])
            node, data = _member(node, step), _content(data, step)
            found = self._known[pointer] = _branch(node, data), data
        return found
