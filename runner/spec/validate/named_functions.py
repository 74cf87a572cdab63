"""Functions in Python that a strategy names: are they there? Nothing is run to tell."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from runner.domain.digests import text_digest
from runner.domain.strategies import NamedFunction
from runner.domain.suggestions import suggestion
from runner.spec.values.referenced_files import CompanionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.spec.values.referenced_files import Companions
    from runner.spec.yaml_text.document import Findings


def named_function(findings: Findings, name: str, companions: Companions, place: str) -> NamedFunction | None:
    """The function of a name; None where its file cannot be had, which is noted as all that is wrong.

    Args:
        name: `path.py:function`, from where the experiment file stands.

        place: Pointer of the name.
    """
    path, _, function = name.rpartition(":")
    try:
        text = companions.text(path)
    except CompanionError as error:
        findings.note(place, error.message, error.hint)
        return None
    message, hint = _fault(text, path, function)
    if message:
        findings.note(place, message, hint)
    return NamedFunction(name, text_digest(text))


def parsed_module(text: str) -> ast.Module:
    """The statements of a file; what Python would warn of is not told.

    Raises:
        SyntaxError: It is not Python.
    """
    with warnings.catch_warnings(action="ignore"):
        return ast.parse(text)


def _fault(text: str, path: str, function: str) -> tuple[str, str]:
    """What is wrong with the file of a function, and what to do; empty where nothing is."""
    try:
        module = parsed_module(text)
    except SyntaxError as error:
        return f"{path}:{error.lineno or 1} is not Python: {error.msg}", ""
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{path} is not Python: {error}", ""
    bound = dict.fromkeys(_bound(module.body))
    if function in bound or "*" in bound:
        return "", ""
    defined = [each.name for each in module.body if isinstance(each, ast.FunctionDef)]
    hint = suggestion(function, defined, kind="functions") if defined else "there are no functions in it"
    return f"{path} has no function {function}", hint


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that statements give a value to, in their own scope; `*` for those of an unknown module."""
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
                continue
        for node in ast.walk(statement):
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    yield name
                case ast.Name(id=name, ctx=ast.Store()):
                    yield name
                case ast.alias(name=name, asname=other):
                    yield other or name
