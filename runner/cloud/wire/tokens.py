"""Tokens: where they come from and how long they are used. Nothing secret is ever shown."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable
from urllib.parse import urlencode

from runner.cloud.wire.transport import NoAnswerError, NotSentError, Request, UnsendableError
from runner.errors import AuthenticationError, CloudUnavailableError, ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.cloud.wire.endpoints import Login
    from runner.cloud.wire.transport import Answer, Port

EXPIRY_WINDOW_S: Final = 60.0
_HTTP_OK: Final = 200
_HTTP_SERVER_ERROR: Final = 500


@runtime_checkable
class TokenProvider(Protocol):
    """Anything that has a token for us."""

    def get_token(self) -> str:
        """A token that is valid now."""


class ReadyToken:
    """A token that was fetched elsewhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self) -> str:
        """The token."""
        return self._token

    def __repr__(self) -> str:
        return "ReadyToken(…)"


class PasswordGrant:
    """A token for a username and a password, cached until shortly before it expires.

    Usable from several threads: while one asks for a new token, the others wait for it.

    Args:
        clock: Seconds since any moment; only differences count.
    """

    def __init__(
        self,
        username: str,
        password: str,
        *,
        login: Login,
        port: Port,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._username = username
        self._password = password
        self._login = login
        self._port = port
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = float("-inf")

    def __repr__(self) -> str:
        return f"PasswordGrant({self._login.token_endpoint})"

    def get_token(self) -> str:
        """A token that is valid now.

        Raises:
            AuthenticationError: The username or password was refused.

            CloudUnavailableError: The token endpoint cannot be reached.
        """
        with self._lock:
            if self._clock() >= self._good_until:
                self._token, lifetime_s = self._fresh_token()
                self._good_until = self._clock() + max(0.0, lifetime_s - EXPIRY_WINDOW_S)
            return self._token

    def _fresh_token(self) -> tuple[str, float]:
        request = self._request()
        try:
            answer = self._port.send(request)
        except UnsendableError as error:
            raise ProjectError(f"no token could be had: {error}") from error
        except (NotSentError, NoAnswerError) as error:
            raise CloudUnavailableError(
                f"no token could be had: {error}", method="POST", path=request.path
            ) from error
        return _token_and_lifetime(request, answer)

    def _request(self) -> Request:
        form = {
            "client_id": self._login.client_id,
            "grant_type": self._login.grant_type,
            "realm": self._login.realm,
            "audience": self._login.audience,
            "username": self._username,
            "password": self._password,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", self._login.token_endpoint, headers=headers, body=urlencode(form).encode())


def _token_and_lifetime(request: Request, answer: Answer) -> tuple[str, float]:
    if answer.status >= _HTTP_SERVER_ERROR:
        raise CloudUnavailableError(
            "no token could be had", method="POST", path=request.path, status=answer.status
        )
    try:
        value = json.loads(answer.body)
        if answer.status == _HTTP_OK:
            return str(value["access_token"]), float(value.get("expires_in") or 0.0)
        reason = str(value.get("error_description") or value.get("error") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        reason = "the answer cannot be read"
    # The body is not shown: it may repeat what was sent.
    raise AuthenticationError(
        f"no token could be had: {reason or 'refused'}",
        method="POST",
        path=request.path,
        status=answer.status,
        hint="look at PASQAL_USERNAME and PASQAL_PASSWORD",
    )
