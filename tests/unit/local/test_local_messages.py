"""What every request has to pass, and how bodies are read."""

from __future__ import annotations

import gzip

import pytest

from runner.local.protocol import messages
from runner.local.protocol.messages import Request, is_loopback, json_body, require_loopback
from runner.local.rules.errors import ForbiddenOriginError, InvalidRequestError, TooLargeError


def a_request(body=b"", **headers):
    """A request with these headers; underscores stand for hyphens."""
    return Request(
        method="POST",
        path="/",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
    )


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])
def test_loopback_names_are_known(host):
    """Every name and address of this machine's loopback is one."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "0.0.0.0", "10.0.0.1", "localhost.evil.com", "evil.com", "127.0.0.1.evil.com"]
)
def test_other_names_are_no_loopback(host):
    """No name that others can own is taken for loopback."""
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["localhost:80", "127.0.0.1", "[::1]:8080"])
def test_request_for_loopback_passes(host):
    """A request that was made for this machine is looked at, whatever the port."""
    assert require_loopback(a_request(host=host)) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.com"},
        {"host": "evil.com:80"},
        {"host": "127.0.0.1@evil.com"},
        {"host": "["},
        {"host": "localhost", "origin": "http://evil.com"},
        {"host": "localhost", "origin": "null"},
    ],
)
def test_request_of_a_web_page_elsewhere_is_refused(headers):
    """A browser that was led here by another site gets nothing (DNS rebinding, cross-site requests)."""
    with pytest.raises(ForbiddenOriginError):
        require_loopback(a_request(**headers))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"a": 1}', {}),
        (gzip.compress(b'{"a": 1}', mtime=0), {"content_encoding": "gzip"}),
        (b'{"a": 1}', {"content_encoding": "identity"}),
    ],
)
def test_body_is_read_plain_and_packed(body, headers):
    """A body may be sent as it is or gzip'ed, as the official SDK does."""
    assert json_body(a_request(body, **headers)) == {"a": 1}


def test_both_halves_of_a_character_are_one():
    """Characters beyond the first 65536 are escaped in two."""
    assert {"a": "😀"} == json_body(a_request(b'{"a": "\\ud83d\\ude00"}'))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(b"{", {}, id="cut off"),
        pytest.param(b"\xff", {}, id="not UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), {}, id="UTF-16"),
        pytest.param(b'{"a": "\\uD800"}', {}, id="half a character"),
        pytest.param(b'{"\\udfff": 1}', {}, id="half a character in a name"),
        pytest.param(b'{"a": NaN}', {}, id="NaN"),
        pytest.param(b'{"a": -Infinity}', {}, id="infinity"),
        pytest.param(b'{"a": 1e999}', {}, id="too large a number"),
        pytest.param(b"[" * 100_000, {}, id="too deep"),
        pytest.param(b"{}", {"content_encoding": "gzip"}, id="not packed"),
        pytest.param(gzip.compress(b"{}")[:-4], {"content_encoding": "gzip"}, id="packed and cut off"),
        pytest.param(b"{}", {"content_encoding": "br"}, id="packed otherwise"),
    ],
)
def test_body_that_is_no_json_is_refused(body, headers):
    """A body that cannot be read, or means no number that exists, is a 422 and not a failure."""
    with pytest.raises(InvalidRequestError) as refusal:
        json_body(a_request(body, **headers))

    assert [problem.loc for problem in refusal.value.problems] == [("body",)]


def test_small_body_that_unpacks_to_a_huge_one_is_refused(monkeypatch):
    """What a packed body unpacks to is bounded, not only what is sent."""
    monkeypatch.setattr(messages, "MAX_BODY_BYTES", 1000)
    body = gzip.compress(b" " * 1001)

    with pytest.raises(TooLargeError):
        json_body(a_request(body, content_encoding="gzip"))


def test_body_of_just_the_allowed_size_is_read(monkeypatch):
    """The bound itself is allowed."""
    monkeypatch.setattr(messages, "MAX_BODY_BYTES", 1000)
    body = gzip.compress(b"1" + b" " * 999)

    assert json_body(a_request(body, content_encoding="gzip")) == 1
