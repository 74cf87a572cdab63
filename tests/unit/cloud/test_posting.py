"""Messages to servers that are no cloud: one POST, and nothing of this machine on it."""

from __future__ import annotations

from receiver import receiving

from runner.cloud.wire.webhook_message import Post, Posted
from runner.cloud.wire.webhook_post import BEGINNING, post


def test_a_message_is_sent_once_as_it_is():
    """Of the answer no more than its beginning is read; what it carries is in no `repr`."""
    with receiving((503, {"Retry-After": "7"}, b"n" * 100_000)) as receiver:
        message = Post(f"{receiver.url}/hook?key=hunter2", {"X-Any": "hunter2"}, b"\x00hunter2")
        answer = post(message, 5.0)
    (got,) = receiver.got

    assert Posted(503, "7", "n" * BEGINNING) == answer
    assert ("/hook?key=hunter2", "hunter2", b"\x00hunter2") == (got.path, got.headers["x-any"], got.body)
    assert "hunter2" not in repr(message)


def test_this_machine_is_reached_past_proxies(monkeypatch):
    """They are for others."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with receiving() as receiver:
        assert Posted(200) == post(Post(receiver.url, {}, b""), 5.0)


def test_passwords_of_this_machine_are_sent_nowhere(tmp_path, monkeypatch):
    """`127.1` is this machine under a name that does not look so."""
    (tmp_path / "netrc").write_text("machine 127.1 login ada password hunter2\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with receiving() as receiver:
        answer = post(Post(receiver.url.replace("127.0.0.1", "127.1"), {}, b""), 5.0)

    assert Posted(200) == answer
    assert "authorization" not in receiver.got[0].headers


def test_what_cannot_be_sent_is_named_without_its_secrets():
    """Errors of libraries hold URLs and headers."""
    tried = [
        ("hunter2", {}),
        ("http://[hunter2", {}),
        ("ftp://hunter2/", {}),
        ("http://127.0.0.1:1/hunter2", {}),
        ("http://127.0.0.1:1/", {"X-Key": "hun\nter2"}),
    ]
    said = [post(Post(url, headers, b""), 5.0) for url, headers in tried]

    assert [
        Posted(said=f"no answer: {name}")
        for name in ("MissingSchema", "ValueError", "InvalidSchema", "ConnectionError", "InvalidHeader")
    ] == said
