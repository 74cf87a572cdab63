"""Expressions of an abstract representation → the text that a file says them with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.domain.expressions.parser import FUNCTIONS
from runner.spec.abstract_repr import RepresentationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "pow": "**"}
_CLOSED = frozenset({"index", *FUNCTIONS})


def expression_text(node: Any, scalars: frozenset[str]) -> str:
    """What a file says for an expression.

    Args:
        node: The expression, as JSON has it.

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


def _compound(node: Any, scalars: frozenset[str]) -> str:
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


def plain_variables(representation: Mapping[str, Any]) -> frozenset[str]:
    """Variables that hold one number and are used as such everywhere."""
    variables = representation.get("variables", {})
    return frozenset(
        name
        for name, variable in variables.items()
        if len(variable["value"]) == 1 and not _is_used_whole(representation["operations"], name)
    )


def used_variables(node: Any) -> frozenset[str]:
    """Names of all variables below a node."""
    match node:
        case {"variable": str(name)}:
            return frozenset({name})
        case dict():
            return frozenset().union(*(used_variables(each) for each in node.values()))
        case list():
            return frozenset().union(*(used_variables(each) for each in node))
    return frozenset()


def _operand(node: Any, scalars: frozenset[str]) -> str:
    """An operand; in parentheses unless it stands for itself."""
    text = expression_text(node, scalars)
    is_atom = isinstance(node, list) or (isinstance(node, int | float) and node >= 0)
    is_name = isinstance(node, dict) and (
        "variable" in node or node.get("expression") in {"index", *FUNCTIONS}
    )
    return text if is_atom or is_name else f"({text})"


def _is_used_whole(node: Any, name: str) -> bool:
    """Whether a variable is used below a node other than number by number."""
    match node:
        case {"expression": "index", "lhs": {"variable": _}, "rhs": 0}:
            return False
        case {"variable": str(found)}:
            return found == name
        case dict():
            return any(_is_used_whole(each, name) for each in node.values())
        case list():
            return any(_is_used_whole(each, name) for each in node)
    return False
