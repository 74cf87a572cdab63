"""The reference of the Python library, from signatures and docstrings."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from markdown_text import block, code, heading, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SECTIONS: Final = ("Args", "Returns", "Raises", "Yields", "Note")
_WIDTH: Final = 76  # characters of a signature that stay on one line
_ENTRY: Final = re.compile(r"^(\w[\w.]*): ", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A part of a docstring: its title, empty for what comes first, and its text."""

    title: str
    text: str


def python_page(lead: str, things: Iterable[tuple[str, Any]]) -> str:
    """The page of functions and classes, each under the name by which it is known."""
    parts = ["# Python", lead]
    for name, thing in things:
        parts += [heading(2, name, name.lower()), *_told(name, thing)]
    return "\n\n".join(parts) + "\n"


def _told(name: str, thing: Any) -> Iterator[str]:
    if not inspect.isclass(thing):
        yield block(signature(name, thing), "python")
    yield from docstring(thing.__doc__ or "")
    if not inspect.isclass(thing):
        return
    for member, what in members(thing):
        yield heading(3, member, f"{name}.{member}".lower())
        yield block(signature(member, what), "python")
        yield from docstring(what.__doc__ or "")


def members(kind: type) -> list[tuple[str, Any]]:
    """Methods and properties of a class that say what they give, in the order of its text."""
    return [
        (name, what)
        for name, what in vars(kind).items()
        if not name.startswith("_")
        and (isinstance(what, property | cached_property | classmethod) or inspect.isfunction(what))
        and what.__doc__
    ]


def signature(name: str, what: Any) -> str:
    """How a function is called, or what a property gives."""
    getter = what.fget if isinstance(what, property) else getattr(what, "func", None)
    if getter is not None:
        return f"{name}: {_plain(getter.__annotations__.get('return', 'Any'))}"
    called = inspect.signature(getattr(what, "__func__", what))
    own = [each for each in called.parameters.values() if each.name not in ("self", "cls")]
    told = f"{name}{_plain(called.replace(parameters=own))}"
    return told if len(told) <= _WIDTH else _broken(told)


def _broken(told: str) -> str:
    """A signature with each argument on a line of its own."""
    inner, _, given = told.rpartition(") ->")
    head, _, arguments = inner.partition("(")
    lines = "".join(f"    {each},\n" for each in re.split(r", (?=[\w*/]+(?::|,|$))", arguments))
    return f"{head}(\n{lines}) ->{given}"


def _plain(text: Any) -> str:
    return str(text).replace("'", "")


def sections(text: str) -> list[Section]:
    """A docstring in Google's style, cut at its titles."""
    titles = "|".join(_SECTIONS)
    first, *rest = re.split(rf"^({titles}):\n", inspect.cleandoc(text), flags=re.MULTILINE)
    cut = [Section("", first.strip())]
    return cut + [
        Section(title, inspect.cleandoc(f"\n{body}"))
        for title, body in zip(rest[::2], rest[1::2], strict=True)
    ]


def docstring(text: str) -> Iterator[str]:
    """A docstring in Markdown: paragraphs, and a list of what it says of arguments and errors."""
    for section in sections(text):
        if not section.title:
            yield from _paragraphs(section.text)
            continue
        yield f"**{section.title}**"
        entries = _entries(section.text)
        if entries:
            yield "\n".join(f"- {code(name)}: {prose(said)}" for name, said in entries)
        else:
            yield from _paragraphs(section.text)


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs; indented ones are examples in Python."""
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    "):
            yield block(inspect.cleandoc(paragraph), "python")
        else:
            yield prose(paragraph)


def _entries(text: str) -> list[tuple[str, str]]:
    """`name: what is said of it`, the lines behind it indented."""
    first, *rest = _ENTRY.split(text)
    return [] if first.strip() else list(zip(rest[::2], rest[1::2], strict=True))
