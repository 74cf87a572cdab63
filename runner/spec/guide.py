"""What the schema says about a place of a file: which keys it knows, and what they are for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runner.spec.pointers import steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Guide:
    """What may stand at one place.

    Args:
        description: What the value is for.

        keys: Description of every key that a mapping there may have.

        examples: Values that could stand there.
    """

    description: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Any, ...] = ()


def guide_at(schema: Mapping[str, Any], data: Any, pointer: str) -> Guide:
    """The schema's words on the value at a pointer, which need not be there.

    Args:
        schema: JSON Schema of the file.

        data: Content of the file; it decides between alternatives of the schema.

        pointer: Where to look.
    """
    node: Mapping[str, Any] = schema
    description, examples = "", ()
    for step in steps_of(pointer):
        node = _member(_branch(schema, node, data), step)
        data = _content(data, step)
        description = node.get("description", "")
        examples = tuple(node.get("examples", ()))
    properties = _branch(schema, node, data).get("properties", {})
    keys = {name: member.get("description", "") for name, member in properties.items()}
    return Guide(description, keys, examples)


def _content(data: Any, step: str) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and step.isdecimal() and int(step) < len(data):
        return data[int(step)]
    return None


def _member(node: Mapping[str, Any], step: str) -> Mapping[str, Any]:
    candidates = [node.get("properties", {}).get(step), node.get("items"), node.get("additionalProperties")]
    return next((candidate for candidate in candidates if isinstance(candidate, dict)), {})


def _branch(schema: Mapping[str, Any], node: Mapping[str, Any], data: Any) -> Mapping[str, Any]:
    """The alternative of a node that the data comes nearest to."""
    kind = "array" if isinstance(data, list) else "object"
    fitting = [branch for branch in _branches(schema, node) if branch.get("type") == kind]
    return max(fitting, key=lambda branch: _known_keys(branch, data), default={})


def _branches(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in node:
        yield from _branches(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    elif "oneOf" in node and "type" not in node:
        for branch in node["oneOf"]:
            yield from _branches(schema, branch)
    else:
        yield node


def _known_keys(branch: Mapping[str, Any], data: Any) -> int:
    return len(set(branch.get("properties", {})) & set(data)) if isinstance(data, dict) else 0
