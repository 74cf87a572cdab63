"""Tokens: fetched once, used until shortly before they expire, never shown."""

from __future__ import annotations

import json
import threading
from urllib.parse import parse_qs

import pytest

from runner.cloud import Answer, NotSentError, PasswordGrant, region_endpoints, region_login
from runner.errors import AuthenticationError, CloudUnavailableError, ProjectError

PASSWORD = "pa55word-that-nobody-sees"


class TokenServer:
    """Hands out numbered tokens."""

    def __init__(self, lifetime_s=3600):
        self.requests, self.lifetime_s = [], lifetime_s

    def send(self, request):
        """The next token."""
        self.requests.append(request)
        value = {"access_token": f"token-{len(self.requests)}", "expires_in": self.lifetime_s}
        return Answer(200, {}, json.dumps(value).encode())


class Says:
    """Answers one thing."""

    def __init__(self, said):
        self._said = said

    def send(self, request):
        """What was asked to be said."""
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def a_grant(port, clock=lambda: 0.0, region="fr"):
    """A provider for ada."""
    return PasswordGrant("ada", PASSWORD, login=region_login(region), port=port, clock=clock)


@pytest.mark.parametrize(
    ("region", "client_id", "realm"),
    [("fr", "PeZvo7Atx7IVv3iel59asJSb4Ig7vuSB", "pcs-users"), ("sa", "cloud-sdk", "pasqal-cloud")],
)
def test_a_password_is_exchanged_as_each_region_wants_it(region, client_id, realm):
    """Form-encoded, at the region's own endpoint."""
    server = TokenServer()

    assert a_grant(server, region=region).get_token() == "token-1"
    form = {name: values[0] for name, values in parse_qs(server.requests[0].body.decode()).items()}
    assert {
        "client_id": client_id,
        "realm": realm,
        "username": "ada",
        "password": PASSWORD,
        "audience": "https://apis.pasqal.cloud/account/api/v1",
        "grant_type": region_login(region).grant_type,
    } == form


def test_a_token_is_used_until_a_minute_before_it_expires():
    """Then a new one is asked for."""
    now = [0.0]
    grant = a_grant(TokenServer(lifetime_s=600), clock=lambda: now[0])
    tokens = []
    for moment in (0, 539, 540):
        now[0] = moment
        tokens.append(grant.get_token())

    assert ["token-1", "token-1", "token-2"] == tokens


def test_many_threads_ask_for_one_token():
    """While one asks, the others wait."""
    server = TokenServer()
    grant = a_grant(server)
    threads = [threading.Thread(target=grant.get_token) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected", "message"),
    [
        (
            Answer(403, {}, b'{"error_description": "Wrong email or password."}'),
            AuthenticationError,
            "Wrong email",
        ),
        (Answer(401, {}, b"<html>"), AuthenticationError, "cannot be read"),
        (Answer(200, {}, b"{}"), AuthenticationError, "cannot be read"),
        (Answer(503, {}, b""), CloudUnavailableError, "no token"),
        (NotSentError("refused"), CloudUnavailableError, "refused"),
    ],
)
def test_a_refused_login_says_why_without_the_password(answer, expected, message):
    """Neither in the message nor in what Python shows of it."""
    grant = a_grant(Says(answer))

    with pytest.raises(expected, match=message) as caught:
        grant.get_token()

    assert PASSWORD not in repr(grant) + str(caught.value) + repr(caught.value) + caught.value.body


def test_an_unknown_region_names_the_known_ones():
    """They are fr and sa."""
    with pytest.raises(ProjectError, match="mars") as caught:
        region_endpoints("mars")

    assert caught.value.hint == "regions are: fr, sa"
