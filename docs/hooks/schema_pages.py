"""The reference of a file format, from its published schema: key, type, unit, default, example, meaning."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from markdown_text import code, heading, prose, table, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, Any]

COLUMNS: Final = ("Key", "Type", "Unit", "Default", "Example", "Meaning")
_IN: Final = re.compile(r"\(in ([^)]{1,12})\)")
_UNITS: Final = {"_ns": "ns", "_um": "µm", "_s": "s", "_rad_per_us": "rad/µs", "_mhz": "MHz"}
_SHOWN: Final = 90  # characters of an example


def schema_page(schema: Schema, *, title: str, lead: str = "") -> str:
    """The page of one schema: its own keys first, then those of each definition, in the order of a file."""
    parts = [f"# {title}", lead or prose(schema.get("description", ""))]
    own = key_table(schema) or f"Type: {type_of(schema)}."
    parts.append(own)
    for name, node in in_order(schema).items():
        parts += [heading(2, name, name.lower()), *_said(node)]
    return "\n\n".join(part for part in parts if part) + "\n"


def in_order(schema: Schema) -> dict[str, Schema]:
    """The definitions in the order in which the keys of a file lead to them; others come last."""
    known = schema.get("$defs", {})
    found: dict[str, Schema] = {}
    waiting = _references({key: node for key, node in schema.items() if key != "$defs"})
    while waiting:
        name = waiting.pop(0)
        if name in known and name not in found:
            found[name] = known[name]
            waiting = [*_references(known[name]), *waiting]
    return found | {name: node for name, node in known.items() if name not in found}


def _references(node: Any) -> list[str]:
    """Names of the definitions that a schema points to, in its order."""
    if isinstance(node, list):
        return [name for each in node for name in _references(each)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"].rsplit("/", 1)[-1]] if isinstance(node.get("$ref"), str) else []
    return own + [name for each in node.values() for name in _references(each)]


def _said(node: Schema) -> Iterator[str]:
    if "description" in node:
        yield prose(node["description"])
    yield key_table(node) or f"Type: {type_of(node)}."


def key_table(node: Schema) -> str:
    """The keys of an object as a table; nothing if it names none."""
    rows = [_row(path, member, required=required) for path, member, required in keys(node)]
    return table(COLUMNS, rows) if rows else ""


def keys(node: Schema, before: str = "") -> Iterator[tuple[str, Schema, bool]]:
    """Each key of an object, what is said of it, and whether it has to be there; those inside as `a.b`."""
    required = node.get("required", ())
    for name, member in node.get("properties", {}).items():
        yield f"{before}{name}", member, name in required
        yield from keys(member, f"{before}{name}.")
        items = member.get("items")
        if isinstance(items, dict):
            yield from keys(items, f"{before}{name}[].")


def _row(path: str, member: Schema, *, required: bool) -> list[str]:
    name = code(path) + (" (required)" if required else "")
    default = value(member["default"]) if "default" in member else ""
    meaning = member.get("description", "")
    return [name, type_of(member), unit_of(path, meaning), default, example_of(member), prose(meaning)]


def unit_of(path: str, meaning: str) -> str:
    """The unit that a key's name or description tells; nothing if neither does."""
    told = _IN.search(meaning)
    if told:
        return told[1]
    endings = (unit for ending, unit in _UNITS.items() if path.endswith(ending))
    return next(endings, "")


def example_of(member: Schema) -> str:
    """The first example, short enough for a table; a mapping's stands in what editors are told."""
    examples = member.get("examples", [])
    if examples:
        return _short(json.dumps(examples[0], ensure_ascii=False))
    _, found, told = member.get("markdownDescription", "").partition("Example: `")
    return _short(told.partition("`")[0]) if found else ""


def _short(text: str) -> str:
    return code(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def type_of(node: Any) -> str:
    """What may stand there, in words; definitions as links to where they are told."""
    if not isinstance(node, dict) or not node:
        return "anything"
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "const" in node:
        return value(node["const"])
    if "enum" in node:
        return ", ".join(map(value, node["enum"]))
    for choice in ("oneOf", "anyOf"):
        if choice in node:
            return " or ".join(dict.fromkeys(map(type_of, node[choice])))
    return _plain_type(node)


def _plain_type(node: Mapping[str, Any]) -> str:
    kinds = node.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_one_type(kind, node) for kind in kinds) or "anything"


def _one_type(kind: str, node: Mapping[str, Any]) -> str:
    if kind == "array":
        if "prefixItems" in node:
            return f"list of ({', '.join(map(type_of, node['prefixItems']))})"
        return f"list of {type_of(node.get('items', {}))}"
    if kind == "object" and isinstance(node.get("additionalProperties"), dict):
        return f"mapping of names to {type_of(node['additionalProperties'])}"
    return {"object": "mapping", "string": "text", "boolean": "true or false"}.get(kind, kind) + _bounds(
        node, kind
    )


def _bounds(node: Mapping[str, Any], kind: str) -> str:
    if kind not in ("integer", "number"):
        return ""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    told = [f"{sign} {node[key]:g}" for key, sign in signs.items() if key in node]
    return f" {', '.join(told)}".replace("<", "&lt;") if told else ""
