"""A server on loopback that treats every request badly, in one way, and remembers what arrived."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading

# Nobody waits so long; it ends a connection whose client is gone without a word (in s).
PATIENCE_S = 30.0
OK = b'{"status":"success","code":200,"data":{"id":"b"}}'


class FaultyServer:
    """Treats each connection as `fault` does, which is called with it and with `heard`.

    `heard` has the method and the path of each request that arrived, read or not, in their order.
    """

    def __init__(self, fault):
        self._fault, self._is_over = fault, False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard = []
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over = True
        socket.create_connection(self._listener.getsockname(), timeout=PATIENCE_S).close()
        self._thread.join(PATIENCE_S)
        self._listener.close()

    def _serve(self):
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._is_over:
                    return
                connection.settimeout(PATIENCE_S)
                # A client that is gone meanwhile is the client's affair.
                with contextlib.suppress(OSError):
                    self._fault(connection, self.heard)


@contextlib.contextmanager
def nobody():
    """An address where nobody listens, and that nobody else takes meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def read_request(connection, heard):
    """Reads a request to its end."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += _more(connection)
    head, _, body = text.partition(b"\r\n\r\n")
    heard.append(_method_and_path(head))
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < sum(map(int, lengths)):
        body += _more(connection)


def reset(connection):
    """Ends a connection with a reset instead of a farewell."""
    linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def reset_unread(connection, heard):
    """Resets as soon as a request is there, without reading it."""
    text = b""
    while b"\r\n" not in text:
        text = _more(connection, socket.MSG_PEEK)
    heard.append(_method_and_path(text))
    reset(connection)


def reset_read(connection, heard):
    """Reads the request, and resets."""
    read_request(connection, heard)
    reset(connection)


def hang_up(connection, heard):
    """Reads the request, and leaves without a word."""
    read_request(connection, heard)


def keep_silent(connection, heard):
    """Reads the request, and says nothing until the client has gone."""
    read_request(connection, heard)
    connection.recv(1)


def say(status, body=b'{"status":"fail"}', *, length=None, **headers):
    """Answers each request alike, and then closes its connection.

    Args:
        length: What the answer says its length is; by default the truth.

        headers: Further ones, with `_` for `-`.
    """
    fields = {"Content-Length": len(body) if length is None else length, "Connection": "close"} | headers
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    text = "\r\n".join([*lines, "", ""]).encode() + body

    def answer(connection, heard):
        read_request(connection, heard)
        connection.sendall(text)

    return answer


def _more(connection, flags=0):
    part = connection.recv(65536, flags)
    if not part:
        raise ConnectionError("the client has gone")
    return part


def _method_and_path(head):
    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    return method, path
