"""A server on loopback that writes down what it is asked, and answers for another server or from memory."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LONG = 200


@dataclass(frozen=True)
class Heard:
    """What a request asks for; how it is worded stands in `headers`, which are not compared.

    Args:
        query: Its pairs, sorted: no server cares for their order.

        body: Its JSON value after decompression, long texts shortened; None without one.

        token: What `Authorization` says; None without one.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    token: str | None = None
    headers: dict = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    body: bytes


def success(data, **more):
    """An answer of the cloud that is written by hand."""
    return Said(
        200, json.dumps({"status": "success", "message": "OK.", "code": 200, "data": data} | more).encode()
    )


def failure(status):
    """A refusal that is written by hand."""
    envelope = {"status": "fail", "message": "No.", "code": status, "data": {"description": "No."}}
    return Said(status, json.dumps(envelope).encode())


class Tape:
    """Requests and their answers, in the order in which they came; `heard` and `said` grow together."""

    def __init__(self):
        self.heard, self.said = [], []

    def add(self, heard, said):
        """Appends a request and its answer."""
        self.heard.append(heard)
        self.said.append(said)


class RecordingServer:
    """Answers requests, and writes both down.

    Nothing is answered outside of `in_front_of` and `saying`, of which one is entered at a time.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._answer, self._tape = _nothing_more, Tape()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False  # so that closing waits for them
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self):
        """Ends the threads and the sockets."""
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()

    def in_front_of(self, url):
        """Answers with what the server at `url` answers; gives the tape."""
        return self._answering(lambda request, heard: _forwarded(url, request))

    def saying(self, answers, asked=None):
        """Answers from memory; gives the tape.

        Args:
            answers: One for each request that is to come.

            asked: The requests that they were the answers to. One that is like one of these gets its answer,
                so that requests which are sent at the same time may come in any order.
        """
        left = list(zip(asked or [None] * len(answers), answers, strict=True))

        def answer(request, heard):
            if not left:
                return _nothing_more(request, heard)
            like = [place for place, (known, _) in enumerate(left) if known == heard]
            return left.pop(like[0] if like else 0)[1]

        return self._answering(answer)

    @contextlib.contextmanager
    def _answering(self, answer):
        tape = Tape()
        with self._lock:
            self._answer, self._tape = answer, tape
        yield tape
        with self._lock:
            self._answer, self._tape = _nothing_more, Tape()

    def _handler(recorder):  # noqa: N805  (`self` is the handler's)
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name):
                # The base class looks for `do_GET` and its like.
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def answer(self):
                self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                heard = _heard(self)
                with recorder._lock:  # one after the other, so that the tape has an order
                    said = recorder._answer(self, heard)
                    recorder._tape.add(heard, said)
                self.send_response(said.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(said.body)

            def log_message(self, *_):
                """Says nothing."""

        return Handler


def shortened(value):
    """A JSON value in which long texts, as sequences are, are replaced by their beginning and a digest."""
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shortened(each) for each in value]
    if isinstance(value, str) and len(value) > LONG:
        return f"{value[:20]}… {hashlib.sha256(value.encode()).hexdigest()}"
    return value


def _heard(request):
    address = urlsplit(request.path)
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.content
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Heard(
        method=request.command,
        path=address.path,
        query=tuple(sorted(parse_qsl(address.query, keep_blank_values=True))),
        body=shortened(json.loads(body)) if body else None,
        token=headers.get("authorization"),
        headers=headers,
    )


def _forwarded(url, request):
    # With the headers as they came, the host among them: links to results lead here again.
    address = urlsplit(url)
    with contextlib.closing(HTTPConnection(address.hostname, address.port, timeout=60)) as connection:
        connection.request(request.command, request.path, request.content or None, dict(request.headers))
        answer = connection.getresponse()
        return Said(answer.status, answer.read())


def _nothing_more(_request, _heard):
    return failure(418)  # a refusal that nobody sends again
