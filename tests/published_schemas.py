"""Published schemas, walked: every key that an editor explains, and every example that it offers."""

from __future__ import annotations

import jsonschema

# Where a key's example is: its own, or those of its alternatives; a mapping's stands in its description.
SHOWN = {"examples", "enum", "const", "markdownDescription"}


def keys(schema):
    """Every key of a schema, as (path, what is said of it); a model's under the model's name."""
    models = {schema.get("title", "top"): schema, **schema.get("$defs", {})}
    for name, node in models.items():
        yield from _keys_below(name, {key: value for key, value in node.items() if key != "$defs"})


def _keys_below(path, node):
    if isinstance(node, list):
        for item in node:
            yield from _keys_below(path, item)
    if not isinstance(node, dict):
        return
    members = node.get("properties", {})
    # Rules that only bound others name keys as well; what is said of those stands with the key itself.
    for name, member in members.items() if node.get("type") == "object" else ():
        yield f"{path}.{name}", member
    for key, value in node.items():
        if key not in ("properties", "examples", "default", "defaultSnippets"):
            yield from _keys_below(path, value)
    for name, member in members.items():
        yield from _keys_below(f"{path}.{name}", member)


def offered(schema):
    """Every value that an editor shows or inserts, as (path, the schema that it is for, the value)."""
    for path, member in keys(schema):
        for example in member.get("examples", ()):
            yield path, member, example
    for name, node in schema.get("$defs", {}).items():
        for snippet in node.get("defaultSnippets", ()):
            yield name, node, snippet["body"]


def refused(schema):
    """Examples that the schema which shows them would refuse."""
    definitions = schema.get("$defs", {})
    return [
        (path, value)
        for path, node, value in offered(schema)
        if not jsonschema.Draft202012Validator({**node, "$defs": definitions}).is_valid(value)
    ]
