"""A schema that models gave → the one that is published: the same rules, in words that editors make more of.

YAML language servers tell of a value the first description that fits, offer examples that are mappings under
no name, and offer the keys of a choice only where no bound on their number stands beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

if TYPE_CHECKING:
    from collections.abc import Container

    from runner.domain.json_values import Json

# A node of a JSON Schema; pydantic writes more of its keywords than are worth a type each.
Node: TypeAlias = dict[str, Any]
_NULL: Final = {"type": "null"}
_REFERENCE: Final = "#/$defs/"
# What pydantic calls bounds where it finds no number to put them to, and what JSON Schema does.
_BOUNDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}

_NUMBERS: Final = ("number", "integer")


def published(schema: Node) -> Node:
    """The schema with what editors show put where they look for it. The given one is not changed."""
    whole: Node = _rewritten(without_nulls(schema))
    models = whole.get("$defs", {})
    branches = {name: models[name] for name in _branch_names(whole)}
    for node in (whole, *models.values()):
        for member in node.get("properties", {}).values():
            _hand_on_snippets(member, models, but=branches)
    for model in branches.values():
        _hush(model)
    return whole


def without_nulls(node: Json) -> Any:
    """Drop null, as a default and as an alternative: a key is left out, or it has a value."""
    if isinstance(node, list):
        return [without_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: without_nulls(value) for key, value in node.items() if (key, value) != ("default", None)}
    if _NULL not in kept.get("anyOf", ()):
        return kept
    (alternative,) = (each for each in kept.pop("anyOf") if each != _NULL)
    return {**alternative, **kept}


def _rewritten(node: Any) -> Any:
    if isinstance(node, list):
        return [_rewritten(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: value if key in ("default", "examples") else _rewritten(value) for key, value in node.items()
    }
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _member(name, each) for name, each in kept["properties"].items()}
    kept = _with_bounds(_with_plain_names(kept))
    if "description" in (values := kept.get("additionalProperties") or {}):
        kept["additionalProperties"] = _with_snippets(_with_quiet_branches(values))
    return kept


def _with_bounds(node: Node) -> Node:
    """Bounds in the words of JSON Schema; those of an alternative, said of the number among its branches."""
    bounds = {word: node[name] for name, word in _BOUNDS.items() if name in node}
    if not bounds:
        return node
    kept = {name: value for name, value in node.items() if name not in _BOUNDS}
    if "oneOf" not in node:
        return kept | bounds
    branches = [each | bounds if each.get("type") in _NUMBERS else each for each in node["oneOf"]]
    return {**kept, "oneOf": branches}


def _member(name: str, member: Node) -> Node:
    """What is said of a key, under its own name; a rule on a key explained elsewhere stays as it is."""
    return (
        _with_snippets(_with_quiet_branches({**member, "title": name})) if "description" in member else member
    )


def _with_quiet_branches(member: Node) -> Node:
    """Alternatives of a key say nothing of their own: its description knows the unit."""
    if "oneOf" not in member or "description" not in member:
        return member
    branches = [
        {name: value for name, value in branch.items() if name not in ("description", "examples")}
        for branch in member["oneOf"]
    ]
    return {**member, "oneOf": branches}


def _with_snippets(member: Node) -> Node:
    """Examples that are mappings, as snippets under the text that they are in a file."""
    examples = member.get("examples", [])
    bodies = [each for each in examples if isinstance(each, dict)]
    if not bodies:
        return member
    labels = [_in_one_line(body) for body in bodies]
    shown = "".join(f"\n\nExample: `{label}`" for label in labels)
    kept = {**member, "examples": [each for each in examples if not isinstance(each, dict)]}
    if not kept["examples"]:
        del kept["examples"]
    kept["markdownDescription"] = f"{member['description']}{shown}"
    kept["defaultSnippets"] = [
        {"label": label, "body": body} for label, body in zip(labels, bodies, strict=True)
    ]
    return kept


def _hand_on_snippets(member: Node, models: Node, *, but: Container[str]) -> None:
    """A key that refers to a model has none itself: beside a reference, they would hide its description.

    Args:
        but: Models that stand for several keys; what suits one of these does not suit the others.
    """
    if "$ref" not in member or "defaultSnippets" not in member:
        return
    name, snippets = member["$ref"].removeprefix(_REFERENCE), member.pop("defaultSnippets")
    if name not in but:
        models[name].setdefault("defaultSnippets", []).extend(snippets)


def _hush(model: Node) -> None:
    """An alternative of a key leaves the word to the key; its title names what its required keys make up."""
    model.pop("description", None)
    if "required" not in model:
        model.pop("title", None)


def _in_one_line(value: Node) -> str:
    text: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1000
    )
    return text.rstrip("\n")


def _with_plain_names(node: Node) -> Node:
    """A mapping whose keys have one pattern, in the words that completion and validation both know."""
    patterns = node.get("patternProperties", {})
    if len(patterns) != 1:
        return node
    ((pattern, values),) = patterns.items()
    kept = {name: value for name, value in node.items() if name != "patternProperties"}
    names = {"title": "name", "pattern": pattern, **node.get("propertyNames", {})}
    return {**kept, "propertyNames": names, "additionalProperties": values}


def _branch_names(node: Any) -> set[str]:
    """Names of the models that are alternatives of a key which has a description."""
    if isinstance(node, list):
        return set().union(*map(_branch_names, node))
    if not isinstance(node, dict):
        return set()
    branches = node.get("oneOf", ()) if "description" in node else ()
    own = {branch["$ref"].removeprefix(_REFERENCE) for branch in branches if "$ref" in branch}
    return own.union(*(_branch_names(value) for key, value in node.items() if key != "examples"))
