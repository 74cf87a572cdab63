"""Plain text and values → Markdown: what a reference page is put together from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def prose(text: str) -> str:
    """Text in which only `code` is markup; on one line."""
    parts = " ".join(text.split()).split("`")
    return "`".join(part if place % 2 else _literally(part) for place, part in enumerate(parts))


def _literally(text: str) -> str:
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), ("*", r"\*"), ("[", r"\["), ("]", r"\]")):
        text = text.replace(sign, instead)
    return text


def code(text: str) -> str:
    """Text as code, whatever is in it; nothing for no text."""
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def value(thing: Any) -> str:
    """A value as it stands in a file, as code."""
    return code(json.dumps(thing, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in lines)


def heading(level: int, text: str, anchor: str) -> str:
    """A heading with an anchor of its own."""
    return f"{'#' * level} {text} {{ #{anchor} }}"


def block(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text}\n```"
