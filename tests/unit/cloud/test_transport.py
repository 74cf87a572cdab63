"""What the network's troubles mean: whether the server may have seen the request."""

from __future__ import annotations

import inspect
import socket
import threading

import pytest
import requests
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProtocolError

from runner.cloud import NoAnswerError, NotSentError, Request, RequestsPort
from runner.cloud.transport import _mapped

# Each exception of requests, and whether nothing was sent when it is raised.
NOTHING_SENT = {
    "ConnectTimeout",
    "SSLError",
    "ProxyError",
    "MissingSchema",
    "InvalidSchema",
    "InvalidURL",
    "InvalidProxyURL",
    "InvalidHeader",
    "UnrewindableBodyError",
}
MAY_BE_SENT = {
    "RequestException",
    "HTTPError",
    "ConnectionError",
    "Timeout",
    "ReadTimeout",
    "URLRequired",
    "TooManyRedirects",
    "ChunkedEncodingError",
    "ContentDecodingError",
    "StreamConsumedError",
    "RetryError",
    "JSONDecodeError",
    "InvalidJSONError",
}


def test_every_exception_of_requests_is_known():
    """A new one must be judged before it is trusted."""
    there = {
        name
        for name, kind in inspect.getmembers(requests.exceptions, inspect.isclass)
        if issubclass(kind, requests.RequestException)
    }

    assert NOTHING_SENT | MAY_BE_SENT == there


@pytest.mark.parametrize("name", sorted(NOTHING_SENT | MAY_BE_SENT))
def test_every_exception_of_requests_is_mapped(name):
    """To whether the server may have seen the request."""
    kind = getattr(requests.exceptions, name)
    error = kind("x", "x", 0) if name == "JSONDecodeError" else kind("x")

    assert (NotSentError if name in NOTHING_SENT else NoAnswerError) is type(_mapped(error))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (NewConnectionError(None, "refused"), NotSentError),
        (ConnectTimeoutError("slow"), NotSentError),
        (ProtocolError("Connection aborted."), NoAnswerError),
    ],
)
def test_a_connection_that_never_stood_sent_nothing(reason, expected):
    """Both are a ConnectionError to requests."""
    error = requests.ConnectionError(MaxRetryError(None, "/", reason))

    assert expected is type(_mapped(error))


def test_a_refused_connection_is_not_sent():
    """Nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(NotSentError):
        RequestsPort().send(Request("POST", f"http://127.0.0.1:{port}/x", body=b"{}"))


class Peer:
    """A server on loopback that reads one request, writes some bytes, and hangs up."""

    def __init__(self, said):
        self._said = said
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(5)
            self.heard = connection.recv(65536)
            if self._said is not None:
                connection.sendall(self._said)

    def close(self):
        """Ends the thread and the socket."""
        self._thread.join(10)
        self._listener.close()


@pytest.fixture
def peer(request):
    """A peer that says what the test's parameter is."""
    peer = Peer(request.param)
    yield peer
    peer.close()


@pytest.mark.parametrize("peer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"], indirect=True)
def test_a_hung_up_or_cut_answer_is_no_answer(peer):
    """The request was read by the server."""
    with pytest.raises(NoAnswerError):
        RequestsPort().send(Request("POST", f"{peer.url}/x", body=b"{}"))
    peer.close()

    assert peer.heard.startswith(b"POST /x HTTP/1.1")


@pytest.mark.parametrize(
    "peer", [b"HTTP/1.1 307 T\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"], indirect=True
)
def test_a_redirect_is_an_answer_and_not_followed(peer):
    """A POST is not sent a second time on somebody's word."""
    answer = RequestsPort().send(Request("POST", f"{peer.url}/x", (("a", "b c"),), token="t"))
    peer.close()

    assert answer.status == 307
    assert peer.heard.startswith(b"POST /x?a=b+c HTTP/1.1")
    assert b"Authorization: Bearer t" in peer.heard
