"""Expressions of an abstract representation → the text that a file says them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runner.domain.expressions.parser import FUNCTIONS
from runner.spec.abstract_repr import RepresentationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.domain.json_values import Json
    from runner.spec.abstract_repr import AbstractVariable

_SIGNS: Final = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "pow": "**"}
_TARGETS: Final = ("target", "targets")


def expression_text(node: Json, scalars: frozenset[str]) -> str:
    """What a file says for an expression.

    Args:
        scalars: Variables that are plain numbers in the file, and lists of one in the representation.

    Raises:
        RepresentationError: When a file can't say it.
    """
    match node:
        case list():
            return "[" + ", ".join(expression_text(each, scalars) for each in node) + "]"
        case int() | float():
            return repr(node)
        case {"variable": str(name)}:
            return name
        case {"expression": _, "lhs": _}:
            return _compound(node, scalars)
    raise RepresentationError(f"a file can't say {str(node)[:60]}")


def _compound(node: Json, scalars: frozenset[str]) -> str:
    match node:
        case {"expression": "index", "lhs": {"variable": str(name)}, "rhs": index}:
            return name if name in scalars else f"{name}[{index}]"
        case {"expression": str(function), "lhs": operand} if function in FUNCTIONS:
            return f"{function}({expression_text(operand, scalars)})"
        case {"expression": "neg", "lhs": operand}:
            return f"-{_operand(operand, scalars)}"
        case {"expression": str(word), "lhs": left, "rhs": right} if word in _SIGNS:
            return f"{_operand(left, scalars)} {_SIGNS[word]} {_operand(right, scalars)}"
    raise RepresentationError(f"a file can't say the expression {str(node)[:60]}")


def _operand(node: Json, scalars: frozenset[str]) -> str:
    """An operand; in parentheses unless it stands for itself."""
    text = expression_text(node, scalars)
    match node:
        case list() | {"variable": _} | {"expression": "index"}:
            return text
        case {"expression": str(name)} if name in FUNCTIONS:
            return text
        case int() | float() if node >= 0:
            return text
    return f"({text})"


def plain_variables(representation: Mapping[str, Any]) -> frozenset[str]:
    """Variables that hold one number and are used as such everywhere."""
    several = {name for name, is_whole in _mentions(representation["operations"]) if is_whole}
    variables: dict[str, AbstractVariable] = representation.get("variables", {})
    return frozenset(name for name, said in variables.items() if len(said["value"]) == 1) - several


def calculated_with(node: Any, lists_of_one: frozenset[str]) -> Any:
    """A node, with the number in place of a list of one wherever something is calculated with it.

    Pulser plays the same of both. Of targets it takes the list alone: they stay as they are.
    """
    match node:
        case {"expression": "index"}:
            return node
        case dict():
            below = _number_of if "expression" in node else calculated_with
            return {key: each if key in _TARGETS else below(each, lists_of_one) for key, each in node.items()}
        case list():
            return [calculated_with(each, lists_of_one) for each in node]
    return node


def _number_of(operand: Any, lists_of_one: frozenset[str]) -> Any:
    match operand:
        case {"variable": str(name)} if name in lists_of_one:
            return {"expression": "index", "lhs": operand, "rhs": 0}
    return calculated_with(operand, lists_of_one)


def used_variables(node: Json) -> frozenset[str]:
    """Names of all variables below a node."""
    return frozenset(name for name, _ in _mentions(node))


def _mentions(node: Json) -> Iterator[tuple[str, bool]]:
    """Every mention of a variable below a node, and whether more than its first number is meant."""
    match node:
        case {"expression": "index", "lhs": {"variable": str(name)}, "rhs": 0}:
            yield name, False
        case {"variable": str(name)}:
            yield name, True
        case dict() | list():
            for each in node.values() if isinstance(node, dict) else node:
                yield from _mentions(each)
