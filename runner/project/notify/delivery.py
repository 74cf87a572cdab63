"""Delivering what waits to be told: tried again while that may help, for a bounded time."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runner.cloud.wire.retry import retry_after_s
from runner.cloud.wire.webhook_message import Posted
from runner.errors import DeliveryError
from runner.gitops import shown
from runner.project import late_imports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.cloud.wire.webhook_message import Post
    from runner.project.notify.outbox import Channel
    from runner.project.notify.signed_request import Receiver
    from runner.project.sync.loop import LoopContext

ATTEMPTS: Final = 3
# All that is delivered at the end of one turn may take so long: then reconciling goes on.
TURN_S: Final = 10.0
_FIRST_WAIT_S: Final = 0.5
_LONGEST_REST_S: Final = 600.0
_POLL_S: Final = 0.05
_SHOWN: Final = 200
_OK: Final = range(200, 300)
_SERVER_ERRORS: Final = range(500, 600)
_LATER: Final = frozenset({408, 425, 429})
_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400
# GitLab refuses a state that a commit has already.
_IS_SO_ALREADY: Final = "Cannot transition status"


class DeliveryState(StrEnum):
    """What becomes of a message after an attempt."""

    DELIVERED = "delivered"
    AGAIN = "again"
    GIVEN_UP = "given up"


def delivery_state(posted: Posted) -> DeliveryState:
    """What becomes of a message. A 4xx that does not ask for patience will be one again."""
    status = posted.status
    if status is None or status in _LATER or status in _SERVER_ERRORS:
        return DeliveryState.AGAIN
    if status == _FORBIDDEN and posted.retry_after:  # GitHub's way to say 429
        return DeliveryState.AGAIN
    is_so = status == _BAD_REQUEST and _IS_SO_ALREADY in posted.said
    return DeliveryState.DELIVERED if status in _OK or is_so else DeliveryState.GIVEN_UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What came of delivering to one receiver.

    Args:
        error: Why there are messages left; empty if there are none, or only time was short.

        given_up: Messages that the receiver refuses, in words.
    """

    channel: Channel
    error: str = ""
    given_up: tuple[str, ...] = ()
    delivered: int = 0


def post_over_http(message: Post, timeout_s: float) -> Posted:
    """Sends a message once."""
    return late_imports.post(message, timeout_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSender:
    """Delivers what waits.

    Args:
        environ: Where secrets come from.

        post: Sends a message once; called in a thread of its own.

        clock: Seconds since any moment; only differences count.
    """

    context: LoopContext
    environ: Mapping[str, str] = field(repr=False)
    post: Callable[[Post, float], Posted] = post_over_http
    clock: Callable[[], float] = time.monotonic

    def deliver(
        self, channel: Channel, receiver: Receiver, until_s: float, keep: Callable[[Channel], None]
    ) -> Delivered:
        """Delivers what waits for one receiver, oldest first, until it fails or time is over.

        Args:
            until_s: By the clock.

            keep: Told how the channel stands after each message.

        Raises:
            DeliveryError: What was delivered cannot be remembered.
        """
        attempts = 1 if channel.failures else ATTEMPTS
        given_up: list[str] = []
        delivered, error = 0, self._rest(channel, receiver)
        while channel.waiting and not error and self.clock() < until_s:
            try:
                posted = self._attempted(channel, receiver, until_s, attempts)
            except DeliveryError as caught:
                error = str(caught)
                break
            ended = delivery_state(posted)
            if ended is DeliveryState.AGAIN:
                channel, error = self._failed(channel, posted), f"{receiver.shown}: {_reason(posted)}"
                break
            if ended is DeliveryState.GIVEN_UP:
                given_up.append(self._refusal(channel, receiver, posted))
            delivered += ended is DeliveryState.DELIVERED
            channel = replace(channel.without_first(), failures=0, again_at_s=0.0)
            keep(channel)
        return Delivered(channel=channel, error=error, given_up=tuple(given_up), delivered=delivered)

    def _rest(self, channel: Channel, receiver: Receiver) -> str:
        """Until when the receiver is to be left alone; empty if it is not."""
        if not channel.waiting or channel.again_at_s <= self._now_s():
            return ""
        until = datetime.fromtimestamp(channel.again_at_s, UTC)
        return f"{receiver.shown}: rests until {until:%H:%M:%S} UTC, as it asks"

    def _attempted(self, channel: Channel, receiver: Receiver, until_s: float, attempts: int) -> Posted:
        """What came of the last of some attempts to deliver the first message."""
        wait_s = _FIRST_WAIT_S
        while True:
            attempts -= 1
            message = receiver.post(channel.waiting[0], self.environ, self._now_s())
            posted = self._posted(message, min(receiver.timeout_s, max(until_s - self.clock(), _POLL_S)))
            rest_s = max(wait_s * (0.5 + self.context.jitter() / 2), self._asked_s(posted))
            if (
                delivery_state(posted) is not DeliveryState.AGAIN
                or not attempts
                or self.clock() + rest_s >= until_s
            ):
                return posted
            self.context.wait(rest_s)
            wait_s *= 2

    def _posted(self, message: Post, timeout_s: float) -> Posted:
        """What came of one attempt; a receiver that hangs, or drips, is left behind."""
        found: list[Posted] = []
        thread = threading.Thread(target=lambda: found.append(self.post(message, timeout_s)), daemon=True)
        thread.start()
        end_s = time.monotonic() + timeout_s
        while thread.is_alive() and time.monotonic() < end_s:
            thread.join(_POLL_S)
            self.context.check()
        return found[0] if found else Posted(said="no answer in time")

    def _failed(self, channel: Channel, posted: Posted) -> Channel:
        rest_s = min(self._asked_s(posted), _LONGEST_REST_S)
        again_at_s = self._now_s() + rest_s if rest_s else 0.0
        return replace(channel, failures=channel.failures + 1, again_at_s=again_at_s)

    def _refusal(self, channel: Channel, receiver: Receiver, posted: Posted) -> str:
        said = " ".join(posted.said.split())
        for secret in receiver.secrets(self.environ):
            said = said.replace(secret, "…")
        what = channel.waiting[0]
        about = what.body.get("experiment") or what.body.get("commit") or "the repository"
        answer = f": {shown(said)[:_SHOWN]}" if said else ""
        return f"{receiver.shown} refuses '{what.state}' of {about}: {_reason(posted)}{answer}"

    def _asked_s(self, posted: Posted) -> float:
        return retry_after_s(posted.retry_after, datetime.fromtimestamp(self._now_s(), UTC))

    def _now_s(self) -> float:
        return self.context.clock().timestamp()


def _reason(posted: Posted) -> str:
    return f"HTTP {posted.status}" if posted.status else posted.said
