"""Files that say themselves whether they are whole, and what they belong to: the file's own name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from runner.atomic_file import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def read_sealed(place: Path) -> str | None:
    """What was kept in a file; None when it is not there, or not one of ours, or not whole."""
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    body = text.partition("\n")[2].removesuffix("\n")
    return body if text == _sealed(place.stem, body) else None


def write_sealed(place: Path, body: str) -> None:
    """Keeps a text, whole or not at all.

    Raises:
        OSError: It can't be written.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, _sealed(place.stem, body))


def _sealed(key: str, body: str) -> str:
    return f"{hashlib.sha256((key + body).encode()).hexdigest()}\n{body}\n"
