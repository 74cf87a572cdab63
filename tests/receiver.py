"""Somebody who is told: a server on loopback that keeps what is posted to it, and answers as it is told."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG = 0


@dataclass(frozen=True)
class Got:
    """A request as it came; names of headers in small letters."""

    path: str
    headers: dict
    body: bytes

    @property
    def value(self):
        """Of its JSON."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """What came, and how the next requests are answered.

    Args:
        answers: Status, headers and body of each; with none left, 200. Of status `HANG`, none comes.
    """

    url: str = ""
    got: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    hung: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)

    def take(self, got):
        """Keeps a request; gives its answer."""
        self.got.append(got)
        answer = self.answers.pop(0) if self.answers else 200
        return answer if isinstance(answer, tuple) else (answer, {}, b"")


@contextmanager
def receiving(*answers):
    """A receiver that answers so."""
    receiver = Receiver(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, said = receiver.take(Got(self.path, headers, body))
            if status == HANG:
                receiver.hung.set()
                receiver.closed.wait(60)
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing waits for them
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closed.set()
        server.shutdown()
        thread.join(30)
        server.server_close()
