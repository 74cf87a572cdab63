"""What goes to servers that are no cloud, and what came of it; `runner.cloud.wire.webhook_post` sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Post:
    """A finished message; headers and URL may hold secrets and are kept out of `repr`."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of a message.

    Args:
        status: HTTP status; None without an answer.

        retry_after: The header of that name.

        said: How the answer's body begins, or why there is no answer.
    """

    status: int | None = None
    retry_after: str | None = None
    said: str = ""
