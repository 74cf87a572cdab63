"""Whether a function that proposes takes what it is given; told from its text, nothing is run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from runner.domain.suggestions import suggestion
from runner.spec.validate.named_functions import parsed_module
from runner.strategies.kinds import ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from runner.domain.strategies import NamedFunction


class Misfit(NamedTuple):
    """What a function does not take, or lacks.

    Args:
        setting: Which of the file's; empty where it is none of them.
    """

    setting: str
    message: str
    hint: str


def misfits(function: NamedFunction, text: str, settings: Collection[str]) -> Iterator[Misfit]:
    """What of the settings a function does not take, and what it needs beside what it is given.

    Of one that is not simply defined in its file, as one with a decorator, nothing is known.
    """
    try:
        body = parsed_module(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # that is told of the file
    found = [each for each in body if isinstance(each, ast.FunctionDef) and each.name == function.function]
    if len(found) != 1 or found[0].decorator_list:
        return
    args, where = found[0].args, f"{function.path}:{found[0].lineno}"
    by_place = [each.arg for each in (*args.posonlyargs, *args.args)]
    by_name = [each.arg for each in (*args.args, *args.kwonlyargs)]
    own = [name for name in by_name if name not in ARGUMENTS]
    given = [*ARGUMENTS, *(name for name in settings if name not in ARGUMENTS)]
    for name in given if not args.kwarg else ():
        if name not in by_name:
            is_setting = name not in ARGUMENTS
            hint = suggestion(name, own, kind="settings of it") if is_setting else _called(function)
            what = "setting" if is_setting else "argument"
            yield Misfit(name * is_setting, f"{function.function} takes no {what} {name} ({where})", hint)
    needed = [
        *by_place[: len(by_place) - len(args.defaults)],
        *(each.arg for each, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is None),
    ]
    for name in needed:
        if name not in given:
            message = f"{function.function} needs {name}, which is no setting ({where})"
            yield Misfit("", message, f"settings: {{{name}: …}}, or a default in the function")


def _called(function: NamedFunction) -> str:
    return f"it is called {function.function}({', '.join(f'{each}=…' for each in ARGUMENTS)})"
