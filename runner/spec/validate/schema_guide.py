"""What the schema says about a place of a file: which keys it knows, and what they are for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from runner.spec.yaml_text.json_pointers import parent, steps_of

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
    if len(fitting) == 1:
        return fitting[0]
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
    # The schema has few keys, and a file may have very many.
    return sum(key in data for key in branch.get("properties", ())) if isinstance(data, dict) else 0


class KeyOrders:
    """The keys that a schema knows at the mappings of a file, each place looked up once.

    Args:
        schema: JSON Schema of the file.

        data: Content of the file; it decides between alternatives of the schema.
    """

    def __init__(self, schema: Mapping[str, Any], data: Any) -> None:
        self._schema = schema
        self._known: dict[str, tuple[Mapping[str, Any], Any]] = {"": (_branch(schema, schema, data), data)}

    def at(self, pointer: str) -> tuple[str, ...]:
        """Keys at a pointer in the order of the schema; none where the author names the keys."""
        return tuple(self._place(pointer)[0].get("properties", ()))

    def _place(self, pointer: str) -> tuple[Mapping[str, Any], Any]:
        """What the schema says at a pointer, and what is there."""
        found = self._known.get(pointer)
        if found is None:
            node, data = self._place(parent(pointer))
            (step,) = steps_of(pointer[pointer.rindex("/") :])
            node, data = _member(node, step), _content(data, step)
            found = self._known[pointer] = _branch(self._schema, node, data), data
        return found
