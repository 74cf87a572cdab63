"""Runs the jobs of a GitLab pipeline as its machines do: rules, variables, a script's lines in one bash.

Not run: `before_script`, which installs the runner.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml

TIMEOUT_S = 240
PAGE = 100
_TOKEN = re.compile(r'"[^"]*"|/[^/]*/|\$\w+|==|=~|&&|\|\||[()]')
_WORDS = {"&&": "and", "||": "or"}


def holds(rule, variables):
    """Whether a rule holds, where comparisons, patterns, && and || are all there is."""
    tokens = _TOKEN.findall(rule)
    assert "".join(tokens) == re.sub(r"\s", "", rule), rule
    parts = []
    for token in tokens:
        if token[0] == "$":
            parts.append(repr(variables.get(token[1:], "")))
        elif token[0] == "/":
            parts.append(f"Pattern({token[1:-1]!r})")
        else:
            parts.append(_WORDS.get(token) or token.replace("=~", "=="))
    return eval(" ".join(parts), {"Pattern": Pattern})  # of our own pipeline


class Pattern:
    """A pattern, which is equal to the texts that it is found in."""

    def __init__(self, text):
        self._text = text

    def __eq__(self, other):
        return re.search(self._text, other) is not None

    __hash__ = None


def due_jobs(path, variables):
    """The jobs of a pipeline whose rules hold, by name, with the variables of each."""
    pipeline = yaml.safe_load(path.read_text(encoding="utf-8"))
    common = pipeline["variables"]
    jobs = {name: job for name, job in pipeline.items() if "script" in job}
    for job in jobs.values():
        job["variables"] = common | job.get("variables", {})
        assert not any("$" in value for value in job["variables"].values()), "GitLab would replace it"
    return {
        name: job
        for name, job in jobs.items()
        if any(holds(rule["if"], common | variables) for rule in job["rules"])
    }


def run_script(job, folder, environ):
    """Runs the lines of a job's script; answers its exit code and what was printed."""
    text = "set -eo pipefail\n" + "\n".join(job["script"])
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=environ | job["variables"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout


class _Notes(BaseHTTPRequestHandler):
    """Answers for one list of notes, which its server has, as the API of GitLab."""

    place = "/api/v4/projects/5/merge_requests/1/notes"

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/api/v4/user":
            self._answer(200, {"id": 1})
            return
        assert url.path == self.place
        asked = parse_qs(url.query)
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        assert size <= PAGE
        notes = self.server.notes
        following = str(page + 1) if len(notes) > page * size else ""
        self._answer(200, notes[(page - 1) * size : page * size], following)

    def do_POST(self):
        assert self.path == self.place
        notes = self.server.notes
        notes.append({"id": 1000 + len(notes), "author": {"id": 1}, "body": self._body()})
        self._answer(201, notes[-1])

    def do_PUT(self):
        found = next(each for each in self.server.notes if self.path == f"{self.place}/{each['id']}")
        found["body"] = self._body()
        self._answer(200, found)

    def _body(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]

    def _answer(self, status, content, following=""):
        if self.headers["PRIVATE-TOKEN"] != self.server.token:
            status, content = 401, {"message": "401 Unauthorized"}
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("X-Next-Page", following)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        """Says nothing."""


@contextmanager
def notes_api(notes, token):
    """URL of an API that keeps the notes of merge request 1 of project 5 in a list."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Notes)
    server.notes, server.token = notes, token
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v4"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
