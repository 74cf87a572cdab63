"""Addresses of repositories: how they are shown, and where their clones are kept. Pure."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Whatever stands before the host may be a secret: a token is often the user's name.
_USER: Final = re.compile(r"(?<=://)[^/\s]*@")
_DIGITS: Final = 8


def shown(text: str) -> str:
    """A text without the users and passwords of the URLs in it."""
    return _USER.sub("", text)


def clone_folder(url: str, branch: str | None, environ: Mapping[str, str]) -> Path:
    """Where the clone of a branch is kept by default; the same for any credentials."""
    state = environ.get("XDG_STATE_HOME") or ""
    # By the specification of XDG, a path that is not absolute is passed by.
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    known = f"{shown(url)}\n{branch or ''}"
    digest = hashlib.sha256(known.encode()).hexdigest()[:_DIGITS]
    return base / "runner" / "sync" / f"{_stem(url)}-{digest}"


def _stem(url: str) -> str:
    last = re.split(r"[/:\\]", url.rstrip("/"))[-1].removesuffix(".git")
    return re.sub(r"[^A-Za-z0-9_-]+", "-", last).strip("-") or "repository"
