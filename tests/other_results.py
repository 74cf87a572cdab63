"""A server in front of a local cloud that says other results than the cloud has."""

from __future__ import annotations

import contextlib
import json
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class OtherResults:
    """Passes everything on, but for what stands behind the links to results.

    Attributes:
        said: Status and body in place of each result; None for the cloud's own.

        bought: How many requests that buy were passed on.
    """

    def __init__(self, url):
        self.said, self.bought = None, 0
        self._address = urlsplit(url)
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

    def counting(self, counts):
        """From now on every result counts so."""
        self.said = (200, json.dumps({"counter": counts}).encode())

    def answer(self, method, path, headers, body):
        """Status and body for a request."""
        if path.startswith("/results/") and self.said:
            return self.said
        self.bought += method == "POST" and path.endswith("/jobs")
        # With the headers as they came, the host among them: links to results lead here again.
        with contextlib.closing(
            HTTPConnection(self._address.hostname, self._address.port, timeout=60)
        ) as connection:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _handler(server):  # noqa: N805  (`self` is the handler's)
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name):
                # The base class looks for `do_GET` and its like.
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def answer(self):
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = server.answer(self.command, self.path, dict(self.headers), content)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Says nothing."""

        return Handler
