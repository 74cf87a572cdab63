"""The reference of the command line, from the help of its verbs."""

from __future__ import annotations

import inspect
import textwrap
from typing import TYPE_CHECKING

import click
from markdown_text import block, code, heading, prose, table

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands_page(root: click.Command, name: str) -> str:
    """The page of a command and of all below it, in the order of its help."""
    context = click.Context(root, info_name=name, **root.context_settings)
    return "\n\n".join(["# Commands", *_said(root, context), *_below(root, context)]) + "\n"


def _below(group: click.Command, context: click.Context) -> Iterator[str]:
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        inner = click.Context(command, info_name=name, parent=context, **command.context_settings)
        path = inner.command_path
        yield heading(2, path, path.replace(" ", "-"))
        yield from _said(command, inner)
        yield from _below(command, inner)


def _said(command: click.Command, context: click.Context) -> Iterator[str]:
    """What is below the heading of one command: usage, text, options."""
    yield block(command.get_usage(context).removeprefix("Usage: "))
    yield from paragraphs(command.help or "")
    records = [each.get_help_record(context) for each in command.get_params(context)]
    rows = [[code(option), prose(meaning)] for option, meaning in filter(None, records) if meaning]
    if rows:
        yield table(["Option", "Meaning"], rows)


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a help text; those that click leaves as they are become blocks."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield block(textwrap.dedent(paragraph.removeprefix("\b\n")))
        else:
            yield prose(paragraph)
