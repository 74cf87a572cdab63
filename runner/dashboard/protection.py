"""Who may look: the host that is meant, pages of ours alone, and a token where others can reach us."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

COOKIE: Final = "runner_dashboard"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_OURS_ALONE: Final = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS: Final = {
    "Content-Security-Policy": _OURS_ALONE,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
# A picture is a document of its own; its styles stand in it.
PICTURE_HEADERS: Final = HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
}


@dataclass(frozen=True)
class Protection:
    """What a request must have.

    Args:
        hosts: Names under which the pages may be asked for, beside those of this machine; lower case.

        token: What must be known; empty where only this machine can reach us.
    """

    hosts: tuple[str, ...] = ()
    token: str = ""
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    def is_meant(self, headers: Mapping[str, str]) -> bool:
        """Whether a request asks for us, and comes from no page of another site."""
        host = headers.get("host", "")
        if _without_port(host) not in {*_LOOPBACK, *self.hosts}:
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc.lower() == host.lower()

    def is_known(self, cookie: str | None) -> bool:
        """Whether a cookie proves that the token was told."""
        return not self.token or (cookie is not None and hmac.compare_digest(cookie, self.cookie))

    def is_token(self, told: str) -> bool:
        """Whether a text is the token."""
        return bool(self.token) and hmac.compare_digest(told.encode(), self.token.encode())

    @property
    def cookie(self) -> str:
        """What the cookie of a browser holds that has told the token; another one each time we start."""
        return hmac.new(self._salt, self.token.encode(), hashlib.sha256).hexdigest()


def _without_port(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if port.isdecimal() and name else host.lower()
