"""A proxy that misbehaves, as a process: `python tests/integration/fault_proxy.py URL`.

It listens on 127.0.0.1, prints its port, forwards what it is sent to the server at URL, and ends when its
standard input is closed. What it does wrong is put there by the paths below /proxy/, which are its own:

- PUT /proxy/faults: `{"seed": 0, "most": null, "for_s": null, "rules": [{"fault": "drop", …}, …]}`;
  `{}` ends all faults. See `fault_rules.Rule`.
- GET /proxy/log: everything that was asked, and what became of it, also later.
- PUT /proxy/stop: `{"number": 2, "changes": true, "moment": "before"}`: the third request from now that
  changes something waits before it is forwarded, or before it is answered, until it is told to go on.
- GET /proxy/stopped?SECONDS: waits for it; whether it has come.
- PUT /proxy/go: `{"forward": true}`; false loses the request, or its answer.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from fault_rules import PAGE, Draws, Rule, bought_by, changed

PATIENCE_S = 60.0
_STOP_S = 30.0
_LOOK_S = 0.02
_WELL = Rule(fault="none")
# Of the connection, not of the message.
_HOPS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(slots=True)
class Asked:
    """A request, and what it said.

    Args:
        bought: Runs and variables of the jobs that it buys.

        accepted: How often the server has accepted it.

        at_s: When it came, since the proxy began (in s).
    """

    method: str
    path: str
    query: str
    headers: dict
    body: bytes = field(repr=False)
    bought: list
    fault: str = "none"
    accepted: int = 0
    status: int = 0
    at_s: float = 0.0

    def line(self):
        """How it stands in the log."""
        names = ("method", "path", "query", "bought", "fault", "accepted", "status", "at_s")
        return {name: getattr(self, name) for name in names}


class Stop:
    """A moment at which one request waits until it is told to go on."""

    def __init__(self, number, *, changes, moment):
        self._left, self._changes, self._moment = number, changes, moment
        self._lock, self._mine = threading.Lock(), None
        self.came, self._go, self._forward = threading.Event(), threading.Event(), True

    def passes(self, asked, moment):
        """Whether a request goes on at a moment; it waits where it is the one."""
        if not self._is_the_one(asked, moment):
            return True
        self.came.set()
        self._go.wait(_STOP_S)
        return self._forward

    def go(self, *, forward):
        """Lets it go on, or loses it."""
        self._forward = forward
        self._go.set()

    def _is_the_one(self, asked, moment):
        with self._lock:
            if moment == "before" and self._mine is None and not (self._changes and asked.method == "GET"):
                self._left -= 1
                self._mine = asked if self._left < 0 else None
            return self._mine is asked and moment == self._moment


class Behaviour:
    """What the proxy does wrong."""

    def __init__(self, seed=0, most=None, for_s=None, rules=()):
        self._draws = Draws([Rule(**rule) for rule in rules], seed=seed, most=most)
        self._until = None if for_s is None else time.monotonic() + for_s
        self._lock, self._answers = threading.Lock(), {}

    def rule_for(self, asked):
        """The rule that a request meets."""
        with self._lock:
            if self._until is not None and time.monotonic() > self._until:
                return _WELL
            rule = self._draws.next(asked.method, asked.path) or _WELL
        asked.fault = rule.fault
        return rule

    def remember(self, asked, answer, began):
        """Keeps an answer for later: what it says is as old as its request."""
        with self._lock:
            self._answers.setdefault((asked.path, asked.query), []).append((began, answer))

    def earlier(self, asked, at_most_s):
        """The oldest answer of the same address that is not too old; None without one."""
        since = time.monotonic() - at_most_s
        with self._lock:
            kept = self._answers.get((asked.path, asked.query), [])
            return next((answer for began, answer in kept if began >= since), None)


class LostError(Exception):
    """There is no answer, or not a whole one."""


class Proxy:
    """Forwards requests to a server, and misbehaves as it is told."""

    def __init__(self, url):
        self._netloc = urlsplit(url).netloc
        self._began = time.monotonic()
        self.behaviour, self.stop, self.log = Behaviour(), None, []

    def answer(self, asked):
        """Status, headers and body of what a request is answered; LostError for none."""
        behaviour, stop = self.behaviour, self.stop
        asked.at_s = round(time.monotonic() - self._began, 3)
        self.log.append(asked)
        rule = behaviour.rule_for(asked)
        if stop and not stop.passes(asked, "before"):
            raise LostError
        answer = self._treated(asked, rule, behaviour)
        if stop and not stop.passes(asked, "after"):
            raise LostError
        return answer

    def _treated(self, asked, rule, behaviour):
        if rule.fault == "stale":
            return behaviour.earlier(asked, rule.at_most_s) or self._forwarded(asked, behaviour)
        if rule.fault == "late":
            threading.Thread(target=self._forwarded_later, args=(asked, rule.wait_s), daemon=True).start()
            return _page(rule)
        if rule.fault in {"drop", "status"} and rule.when == "before":
            return _ended(rule)
        if rule.fault == "wait" and rule.when == "before":
            time.sleep(rule.wait_s)
        answer = self._forwarded(asked, behaviour)
        if rule.fault == "twice":
            self._forwarded(asked, behaviour)
        return _afterwards(rule, answer)

    def _forwarded_later(self, asked, wait_s):
        time.sleep(wait_s)
        with contextlib.suppress(LostError):
            self._forwarded(asked, self.behaviour)

    def _forwarded(self, asked, behaviour):
        began = time.monotonic()
        connection = HTTPConnection(self._netloc, timeout=PATIENCE_S)
        try:
            # The host stays: links to results lead through the proxy, too.
            target = asked.path + (f"?{asked.query}" if asked.query else "")
            connection.request(asked.method, target, asked.body, asked.headers)
            heard = connection.getresponse()
            answer = heard.status, dict(heard.getheaders()), heard.read()
        except (OSError, HTTPException) as error:
            raise LostError from error
        finally:
            connection.close()
        asked.accepted += heard.status < 300
        if asked.method == "GET" and heard.status < 300:
            behaviour.remember(asked, answer, began)
        return answer


def _afterwards(rule, answer):
    if rule.fault in {"drop", "status"} and rule.when == "after":
        return _ended(rule)
    if rule.fault == "wait" and rule.when == "after":
        time.sleep(rule.wait_s)
    if rule.fault in {"short", "change"} and answer[0] < 300:
        return answer[0], answer[1], changed(rule, answer[2])
    return answer


def _ended(rule):
    if rule.fault == "drop":
        raise LostError
    return _page(rule)


def _page(rule):
    rest = {} if rule.retry_after_s is None else {"Retry-After": str(rule.retry_after_s)}
    return rule.status, {"Content-Type": "text/html"} | rest, PAGE


class Handler(BaseHTTPRequestHandler):
    """Reads requests, and writes answers or less."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S

    def handle_any(self):
        """One request."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.startswith("/proxy/"):
            self._say(200, {"Content-Type": "application/json"}, self._ordered(path, query, body))
            return
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOPS}
        bought = bought_by(self.command, path, body, self.headers.get("Content-Encoding"))
        asked = Asked(self.command, path, query, headers, body, bought)
        try:
            answer = self.server.proxy.answer(asked)
        except LostError:
            self._reset()
            return
        asked.status = answer[0]
        if asked.fault == "cut":
            self._say(*answer, cut=True)
            self._reset()
            return
        self._say(*answer)

    do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815

    def log_message(self, *_):
        """Says nothing."""

    def _say(self, status, headers, body, *, cut=False):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOPS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.wfile.flush()

    def _reset(self):
        """Ends the connection without a farewell."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _ordered(self, path, query, body):
        """What the harness is answered."""
        proxy, said = self.server.proxy, json.loads(body or b"null")
        if path == "/proxy/faults":
            proxy.behaviour = Behaviour(**said)
        elif path == "/proxy/log":
            return json.dumps([each.line() for each in proxy.log]).encode()
        elif path == "/proxy/stop":
            proxy.stop = Stop(said["number"], changes=said["changes"], moment=said["moment"])
        elif path == "/proxy/stopped":
            return json.dumps(proxy.stop.came.wait(float(query))).encode()
        elif path == "/proxy/go":
            proxy.stop.go(forward=said["forward"])
            proxy.stop = None
        return b"null"


class Server(ThreadingHTTPServer):
    """A thread for each connection; what goes wrong in one is its client's affair."""

    daemon_threads = True

    def __init__(self, url):
        super().__init__(("127.0.0.1", 0), Handler)
        self.proxy = Proxy(url)

    def handle_error(self, request, client_address):
        """A client that is gone is nothing to tell; anything else is."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def main(words):
    """Serves until standard input ends."""
    server = Server(words[0])
    threading.Thread(target=server.serve_forever, args=(_LOOK_S,), daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
