"""Documented examples as a process: the name of one a line on stdin, its facts a line on stdout.

The version of the SDK is the one that Python finds; the first line says which.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
import uuid
import warnings
from http.client import HTTPConnection
from urllib.parse import urlsplit

import client_examples
import pulser_examples
from pasqal_cloud import PasqalCloudConnection
from pasqal_cloud._version import __version__
from pasqal_cloud.authentication import TokenProvider
from pasqal_cloud.endpoints import Endpoints
from pasqal_cloud.pasqal_cloud_client import PasqalCloudClient

PATIENCE_S = 60
ROOMS = {"client": client_examples, "pulser": pulser_examples}


class Token(TokenProvider):
    """A token that nobody checks."""

    def get_token(self):
        """The token."""
        return "token"


class Side:
    """What an example is given: a client and a connection, of a project that nobody else has.

    Args:
        url: The local cloud.
    """

    no_id = "00000000-0000-4000-8000-000000000000"

    def __init__(self, url):
        self._url, self._project = url, str(uuid.uuid4())
        self.client = self.another_client(self._project)
        self.connection = self.another_connection()

    def another_client(self, project=None):
        """A client of a project; of a new one, without."""
        return PasqalCloudClient(project_id=project or str(uuid.uuid4()), **self._given())

    def another_connection(self):
        """One more connection of the project."""
        return PasqalCloudConnection(project_id=self._project, **self._given())

    def unique(self):
        """A word that nobody else uses."""
        return uuid.uuid4().hex

    def let_next_job_fail(self, message):
        """Let the next job that starts end in ERROR; those of other examples have ended by then."""
        deadline = time.monotonic() + PATIENCE_S
        while self._asked("GET", "/api/v2/jobs?status=PENDING&status=RUNNING&limit=1")["pagination"]["total"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self._asked("PUT", "/control/faults", [{"effect": "job_error", "message": message, "times": 1}])

    def _asked(self, method, path, body=None):
        """What the cloud answers to a request of no client's."""
        connection = HTTPConnection(urlsplit(self._url).netloc)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, said
        return said

    def _given(self):
        return {"token_provider": Token(), "endpoints": Endpoints(core=self._url, account=self._url)}


def facts(order):
    """What an example came to, or how it ended."""
    try:
        example = getattr(ROOMS[order["room"]], order["example"])
        return {"facts": example(Side(order["url"]))}
    except BaseException:  # noqa: BLE001  (most errors of the SDK are no Exceptions; the other process shows it)
        return {"crash": traceback.format_exc()}


def main():
    """Does examples until there are no more."""
    warnings.simplefilter("ignore")
    say({"version": __version__, "calls": []})
    for line in sys.stdin:
        say(facts(json.loads(line)))


def say(value):
    """Writes a line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
