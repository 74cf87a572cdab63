"""HTML that cannot hold a text by mistake: whatever is no `Html` is escaped where it is put in. Pure.

A type and a function are enough for a page; a template engine would be one more package to install, and knows
less of where a text stands.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "col", "meta"})
# What no browser may be given, and what no file in UTF-8 can hold: control characters and lone surrogates.
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Html(str):
    """Text that is HTML already, made by `element` and `joined`; what is done to it gives a plain text."""

    __slots__ = ()


Child = str | int | None


def escaped(text: object) -> Html:
    """A text as HTML; HTML as it is, None as nothing."""
    if isinstance(text, Html):
        return text
    return Html("" if text is None else escape(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", str(text))))


def joined(*children: Child, between: str = "") -> Html:
    """Some HTML and texts one after the other.

    Args:
        between: A text that stands between them.
    """
    return Html(escaped(between).join(map(escaped, children)))


def element(name: str, /, *children: Child, **attributes: Child | bool) -> Html:
    """An element, its children and attributes escaped.

    Args:
        name: Of the element; ours, never one of a file or a cloud.

        attributes: `class_` is `class` and `aria_label` is `aria-label`; None and False leave one out, True
            gives one without a value.
    """
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    end = "" if name in _VOID else f"{joined(*children)}</{name}>"
    return Html(f"<{name}{said}>{end}")


def _attribute(name: str, value: Child | bool) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    # A plain text on purpose: what is right between tags may be wrong between quotes.
    return f" {written}" if value is True else f' {written}="{escaped(str(value))}"'
