"""What goes to the cloud and what comes back: one finished request in, one answer out.

`requests_transport` carries them; what only reads files imports neither it nor the libraries behind it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Mapping

# An object of JSON, as the cloud says it or is told it.
Payload = dict[str, Any]

CONNECTIONS: Final = 64


@dataclass(frozen=True, slots=True)
class Request:
    """A finished HTTP request.

    Args:
        body: What is sent; kept out of `repr`, since a login carries a password.

        token: Sent as bearer token; None sends no authorization at all. Kept out of `repr`.
    """

    method: str
    url: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """Path of the URL, without host and query: what may be shown."""
        return urlsplit(self.url).path

    @property
    def is_safe(self) -> bool:
        """Whether sending it twice is the same as sending it once: all but POST."""
        return self.method != "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, decoded and whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSentError(RunnerError):
    """The request never reached the server."""


class UnsendableError(NotSentError):
    """The request cannot be sent as it is, now or later: an address, a token or a certificate is off."""


class NoAnswerError(RunnerError):
    """The request may have reached the server, but no whole answer came back."""


class EndlessAnswerError(NoAnswerError):
    """The answer is larger, or comes more slowly, than any that is meant."""


class Port(Protocol):
    """What carries requests to the cloud."""

    def send(self, request: Request) -> Answer:
        """The answer to one request, sent exactly once.

        Raises:
            NotSentError: It never reached the server.

            UnsendableError: It never will.

            NoAnswerError: It may have reached the server.

            EndlessAnswerError: It has reached the server, whose answer has no end.
        """


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
