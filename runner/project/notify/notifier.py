"""Telling others how a followed repository stands: by webhooks, and by the state of its commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runner.errors import DeliveryError
from runner.project.notify.commit_status import commit_states, superseded
from runner.project.notify.delivery import TURN_S, MessageSender, post_over_http
from runner.project.notify.events import notices, request_digest
from runner.project.notify.outbox import FILE_NAME, Channel, Message, read_outbox, write_outbox
from runner.project.notify.payloads import Whence, payload
from runner.project.notify.signed_request import StatusInterface, Webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from runner.cloud.wire.webhook_message import Post, Posted
    from runner.domain import DesiredExperiment
    from runner.project.config.settings import Settings
    from runner.project.notify.delivery import Delivered
    from runner.project.notify.events import Notice
    from runner.project.notify.signed_request import Receiver
    from runner.project.project import Project
    from runner.project.sync.loop import LoopContext
    from runner.project.sync.status import SyncStatus

_TOLD: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What there is to tell of a turn."""

    status: SyncStatus
    project: Project
    notices: tuple[Notice, ...]
    whence: Whence
    commit: str
    at: datetime


class Notifying:
    """Tells the receivers of the commit in force what is news to them; a `Reporter`.

    Args:
        state: The runner's own folder in the clone.

        post: Sends a message once.
    """

    name = "notifications"

    def __init__(
        self,
        state: Path,
        context: LoopContext,
        post: Callable[[Post, float], Posted] = post_over_http,
    ) -> None:
        self._path, self._context, self._post = state / FILE_NAME, context, post
        self._digests: dict[str, tuple[DesiredExperiment, str]] = {}
        # What a receiver has refused is told until it takes something.
        self._refusals: dict[str, str] = {}

    def __call__(self, status: SyncStatus) -> None:
        """Writes down what is news, and delivers what waits.

        Raises:
            DeliveryError: Something could not be delivered.
        """
        turn = self._of(status)
        receivers = _receivers(turn.project.settings) if turn else {}
        if turn is None or not receivers:
            return
        channels = read_outbox(self._path)
        told = _with_news(turn, channels, receivers)
        if told != channels:
            write_outbox(self._path, told)
        errors = self._deliver(told, receivers, turn.project.environ)
        if errors:
            raise DeliveryError("; ".join(errors))

    def _of(self, status: SyncStatus) -> _Turn | None:
        """What there is to tell; None while no settings are in force."""
        project, applied = status.project, status.applied
        if project is None or applied is None:
            return None
        at = self._context.clock()
        whence = Whence(
            repository=applied.url,
            branch=applied.branch,
            target=project.target_name,
            namespace=project.namespace,
        )
        found = notices(status, at, self._digest)
        return _Turn(
            status=status,
            project=project,
            notices=found,
            whence=whence,
            commit=applied.newest_change,
            at=at,
        )

    def _digest(self, desired: DesiredExperiment) -> str:
        """The digest of what a file asks for, which is kept while the file stays as it is."""
        known = self._digests.get(desired.name)
        if known is None or known[0] is not desired:
            self._digests[desired.name] = known = (desired, request_digest(desired))
        return known[1]

    def _deliver(
        self, channels: dict[str, Channel], receivers: Mapping[str, Receiver], environ: Mapping[str, str]
    ) -> list[str]:
        """Delivers what waits, first to receivers that answered the last time; answers what is wrong."""
        sender = MessageSender(context=self._context, environ=environ, post=self._post)
        until_s = sender.clock() + TURN_S
        errors: list[str] = []
        for name in sorted(receivers, key=lambda name: channels[name].failures):

            def keep(channel: Channel, name: str = name) -> None:
                channels[name] = channel
                write_outbox(self._path, channels)

            before = channels[name]
            ended = sender.deliver(before, receivers[name], until_s, keep)
            if ended.channel != channels[name]:
                keep(ended.channel)
            errors += self._errors(name, ended)
        return errors

    def _errors(self, name: str, ended: Delivered) -> list[str]:
        if ended.delivered:
            self._refusals.pop(name, None)
        if ended.given_up:
            more = f", and {len(ended.given_up) - _TOLD} more" if len(ended.given_up) > _TOLD else ""
            self._refusals[name] = "; ".join(ended.given_up[:_TOLD]) + f"{more}; given up"
        return [each for each in (self._refusals.get(name, ""), ended.error) if each]


def _with_news(
    turn: _Turn, channels: Mapping[str, Channel], receivers: Mapping[str, Receiver]
) -> dict[str, Channel]:
    """What each receiver knows, and what waits for it; nothing waits for one that is gone."""
    told = {name: Channel(known=each.known) for name, each in channels.items() if name not in receivers}
    for name, receiver in receivers.items():
        channel = channels.get(name, Channel())
        told[name] = channel.with_news(_messages(receiver, turn, channel.known))
    return told


def _receivers(settings: Settings) -> dict[str, Receiver]:
    """The receivers by channel; settings with one address are of one receiver."""
    hooks: dict[str, Webhook] = {}
    for each in settings.notifications:
        one = Webhook((each,))
        hooks[one.channel] = Webhook((*hooks[one.channel].wishes, each)) if one.channel in hooks else one
    beside = [StatusInterface(settings.commit_status)] if settings.commit_status else []
    return {**hooks, **{each.channel: each for each in beside}}


def _messages(receiver: Receiver, turn: _Turn, known: Mapping[str, str]) -> Iterator[Message]:
    if isinstance(receiver, Webhook):
        for notice in turn.notices:
            if receiver.wants(notice):
                body = payload(notice, turn.whence, turn.at)
                yield Message(key=str(body["id"]), state=notice.state, body=body)
        return
    context, per_experiment = receiver.settings.context, receiver.settings.per_experiment
    states = commit_states(turn.status, turn.notices, context, per_experiment=per_experiment)
    for each in (*superseded(known, turn.commit), *states):
        body = {
            "commit": each.commit,
            "context": each.context,
            "description": each.description,
            "branch": turn.whence.branch,
        }
        yield Message(key=each.key, state=each.state, body=body)
