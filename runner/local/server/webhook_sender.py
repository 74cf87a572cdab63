"""The thread that posts to webhooks. It shares nothing with the calls of the API but the store."""

from __future__ import annotations

import json
import logging
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from runner.local.protocol.serializers import batch_item
from runner.local.rules.webhook_policy import next_try

if TYPE_CHECKING:
    from runner.local.protocol.configuration import WebhookSettings
    from runner.local.rules.webhook_policy import Due
    from runner.local.store.store import Store

LOG = logging.getLogger(__name__)
_LOOK_INTERVAL_S = 0.2
_OK = range(200, 300)


class WebhookSender:
    """Tells webhooks of the batches that ended, each until it answers 2xx or the tries are over.

    Told is told at least once: after a crash in the wrong moment it is told again.

    Args:
        store: What remembers who has to be told.

        settings: How often it is tried, and how long an answer may take.
    """

    def __init__(self, store: Store, settings: WebhookSettings) -> None:
        self._store = store
        self._settings = settings
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier")

    def __enter__(self) -> None:
        if self._settings.allow:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join()

    def go_round(self) -> None:
        """Try every webhook that is due, once."""
        for due in self._store.due_webhooks():
            if self._is_over.is_set():
                return
            self._store.webhook_tried(due, self._wait_after(due, self._is_told(due)))

    def _run(self) -> None:
        while not self._is_over.wait(_LOOK_INTERVAL_S):
            try:
                self.go_round()
            except Exception:  # a full disk, a locked database: it may pass
                LOG.exception("webhooks cannot be told now")

    def _wait_after(self, due: Due, is_told: bool) -> float | None:
        """How long to wait before the next try (in s); None if there is none."""
        if is_told:
            return None
        wait = next_try(due.n_tries + 1, most=self._settings.tries, first_wait_s=self._settings.first_wait_s)
        if wait is None:
            LOG.warning(
                "the webhook of batch %s was not told: %d tries failed", due.batch_id, due.n_tries + 1
            )
            return None
        return wait.total_seconds()

    def _is_told(self, due: Due) -> bool:
        body = json.dumps(batch_item(self._store.batch(due.batch_id))).encode()
        try:
            return post(due.url, body, timeout_s=self._settings.timeout_s) in _OK
        except (OSError, HTTPException):
            return False


def post(url: str, body: bytes, *, timeout_s: float) -> int:
    """Status of the answer to a POST; redirections are not followed, since nobody has allowed where to."""
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=timeout_s)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    try:
        connection.request("POST", target, body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()
