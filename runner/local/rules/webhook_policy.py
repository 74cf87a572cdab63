"""Webhooks: which addresses may be posted to, and when it is tried again. Pure; `webhook_sender` posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A batch that has ended and whose webhook has not been told yet.

    Args:
        n_tries: How often it was tried to tell it.
    """

    batch_id: str
    url: str
    n_tries: int


def is_address(url: str) -> bool:
    """Whether it is an address that can be posted to: http or https, a host, and nothing hidden in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.username is None and not parts.fragment and url.isascii() and url.isprintable()
    return parts.scheme in _PORTS and bool(parts.hostname) and port != 0 and is_plain and " " not in url


def is_allowed(url: str, allowed: Iterable[str]) -> bool:
    """Whether an address is one of those that are allowed, or below one."""
    if not is_address(url) or _climbs(url):
        return False
    return any(_is_below(urlsplit(url), urlsplit(each)) for each in allowed)


def next_try(n_tries: int, *, most: int, first_wait_s: float) -> timedelta | None:
    """How long to wait after so many tries have failed, twice as long each time; None to give up."""
    return None if n_tries >= most else timedelta(seconds=first_wait_s * 2 ** (n_tries - 1))


def _climbs(url: str) -> bool:
    path = urlsplit(url).path.lower().replace("%2e", ".").replace("%2f", "/").replace("\\", "/")
    return ".." in path.split("/")


def _is_below(url: SplitResult, allowed: SplitResult) -> bool:
    folder = allowed.path.rstrip("/")
    return _origin(url) == _origin(allowed) and (url.path == folder or url.path.startswith(f"{folder}/"))


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, url.port or _PORTS[url.scheme]
