"""Who asks: tokens, the projects they stand for, and what a project may see."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import SecretStr

from runner.local.protocol.messages import require_loopback
from runner.local.rules.errors import RefusalError, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.local.protocol.configuration import Configuration
    from runner.local.protocol.messages import Request

_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Tokens:
    """The projects with the digests of their tokens; the tokens themselves are not kept."""

    _digests: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def of(cls, tokens: Mapping[str, SecretStr]) -> Tokens:
        """From each project's token."""
        return cls({project: _digest(token.get_secret_value()) for project, token in tokens.items()})

    def __bool__(self) -> bool:
        return bool(self._digests)

    def project_of(self, request: Request) -> str:
        """The project that a request is made for.

        Every token is compared, each in constant time, so that the time tells nothing.

        Raises:
            UnauthorizedError: It has no token, or one that is not known.
        """
        given = _digest(_token(request))
        found = [project for project, known in self._digests.items() if hmac.compare_digest(given, known)]
        if not found:
            raise UnauthorizedError("The token is not known here.")
        return found[0]


class Gate:
    """Who may ask what; without tokens everybody on this machine everything.

    Args:
        configuration: Has the tokens of projects.

        key: A token that stands for every project; None for none.
    """

    def __init__(self, configuration: Configuration, key: str | None = None) -> None:
        guard = configuration.control.token
        self._tokens = Tokens.of(configuration.tokens)
        self._key = Tokens.of({} if key is None else {"every project": SecretStr(key)})
        self._guard = Tokens.of({} if guard is None else {"control": guard})

    def require_known_origin(self, request: Request) -> None:
        """Refuse what a web page may have made a browser send, where no token keeps it out."""
        if not self._tokens:
            require_loopback(request)
        elif "host" not in request.headers:
            raise RefusalError("The header Host is missing.")

    def project_of(self, request: Request) -> str | None:
        """The project that the request is made for; None for every project."""
        if self._key:
            self._key.project_of(request)
            return None
        return self._tokens.project_of(request) if self._tokens else None

    def knows(self, request: Request) -> bool:
        """Whether who asks may know what the server is, beyond that it is there."""
        try:
            self.project_of(request)
        except UnauthorizedError:
            return False
        return True

    def require_control(self, request: Request) -> None:
        """Refuse a control call without the control's token, if it has one."""
        if self._guard:
            self._guard.project_of(request)


def _token(request: Request) -> str:
    said = request.headers.get("authorization", "")
    if not said.lower().startswith(_SCHEME):
        raise UnauthorizedError("This call needs a token: Authorization: Bearer <token of the project>.")
    return said[len(_SCHEME) :].strip()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
