"""Credentials: where a token comes from. From arguments, else the environment, else the system's keyring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from runner.cloud.wire.tokens import PasswordGrant, ReadyToken, TokenProvider
from runner.errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.cloud.wire.endpoints import Login
    from runner.cloud.wire.transport import Port

KEYRING_SERVICE: Final = "pulser-runner"
_HINT: Final = "set PASQAL_USERNAME and PASQAL_PASSWORD, or PASQAL_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a user logs in with; nothing secret is shown.

    Args:
        token: A ready token; it wins over a username.

        provider: Any object with `get_token()`; it wins over everything.
    """

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    provider: TokenProvider | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Credentials:
        """What PASQAL_USERNAME, PASQAL_PASSWORD and PASQAL_TOKEN say."""
        return cls(
            username=environ.get("PASQAL_USERNAME") or None,
            password=environ.get("PASQAL_PASSWORD") or None,
            token=environ.get("PASQAL_TOKEN") or None,
        )


def token_provider(credentials: Credentials, *, login: Login, port: Port) -> TokenProvider:
    """A provider of tokens for some credentials.

    Raises:
        AuthenticationError: There are none, or no password belongs to the username.

        TypeError: The provider has no `get_token()`.
    """
    if credentials.provider is not None:
        if not isinstance(credentials.provider, TokenProvider):
            raise TypeError(f"{type(credentials.provider).__name__} has no get_token()")
        return credentials.provider
    if credentials.token:
        return ReadyToken(credentials.token)
    if not credentials.username:
        raise AuthenticationError("no credentials for Pasqal Cloud", hint=_HINT)
    password = credentials.password or _from_keyring(credentials.username)
    if not password:
        raise AuthenticationError(f"no password for {credentials.username}", hint=_HINT)
    return PasswordGrant(credentials.username, password, login=login, port=port)


def _from_keyring(username: str) -> str | None:
    """The password that the system keeps, with the extra `[keyring]`; None without either."""
    try:
        import keyring  # noqa: PLC0415  (an extra)
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        password: str | None = keyring.get_password(KEYRING_SERVICE, username)
    except KeyringError:
        return None  # a machine without a keyring, or one that stays locked
    return password
