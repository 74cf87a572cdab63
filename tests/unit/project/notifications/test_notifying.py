"""Messages to a real server on loopback: signed, once, tried again, given up, and never in the way."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import a_wanted_job, an_experiment
from receiver import HANG, receiving

from runner.cloud.wire.webhook_message import Posted
from runner.errors import DeliveryError
from runner.gitops import AppliedCommit
from runner.project import Project, Settings
from runner.project.config.notifications import CommitStatus, Notification
from runner.project.notify.commit_status import CommitState
from runner.project.notify.delivery import TURN_S, MessageSender
from runner.project.notify.notifier import Notifying
from runner.project.notify.outbox import KEPT, Channel, Message, read_outbox
from runner.project.notify.signed_request import Webhook
from runner.project.sync.loop import LoopContext, StopRequest
from runner.project.sync.status import SyncStatus
from runner.reconcile import Plan
from runner.reconcile.model.plan import Health, PointProgress, Sync

DOCS = Path(__file__).parents[4] / "docs"
COMMIT = "a" * 40
ENVIRON = {"RUNNER_KEY": "hunter2\n", "RUNNER_T": "ghp_hunter2"}


class Lab:
    """A repository in which one experiment is to be told of, and time that passes in pauses."""

    def __init__(self, folder):
        self.folder, self.now, self.pauses, self.stopped = folder, datetime(2026, 3, 1, tzinfo=UTC), [], False
        self.context = LoopContext(
            tell=lambda _: None,
            check=self.check,
            wait=self.wait,
            jitter=lambda: 1.0,
            clock=lambda: self.now,
        )
        self.restart()

    def check(self):
        """Ends once it is asked to."""
        if self.stopped:
            raise StopRequest

    def wait(self, seconds):
        """Lets time pass at once."""
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.check()

    def restart(self):
        """Another process, which remembers what stands on disk."""
        self.notifying = Notifying(self.folder, self.context)

    def turn(self, *settings, state="complete", runs=5, environ=ENVIRON, **fields):
        """The end of a turn; answers what is told of it as an error."""
        done = runs if state == "complete" else 0
        job = PointProgress(key="k", name="a", runs=runs, done=done, active=runs - done)
        plan = Plan(experiment="exp", actions=(), jobs=(job,), sync=Sync.SYNCED, health=Health.PROGRESSING)
        known = Settings(
            namespace="lab",
            notifications=[each for each in settings if isinstance(each, Notification)],
            commit_status=next((each for each in settings if isinstance(each, CommitStatus)), None),
        )
        standing = {
            "applied": AppliedCommit(
                url="https://git.test/lab/x.git", branch="main", commit=COMMIT, names=("exp",)
            ),
            "experiments": {"exp": an_experiment(a_wanted_job(runs=runs))},
            "plans": {"exp": plan},
            "project": Project(root=self.folder, settings=known, target_name="local", environ=environ),
        }
        try:
            self.notifying(SyncStatus(**(standing | fields)))
        except DeliveryError as error:
            return str(error)
        return ""

    @property
    def outbox(self):
        """What is remembered."""
        return read_outbox(self.folder / "notifications.json")


@pytest.fixture
def lab(tmp_path):
    """A lab in a folder of its own."""
    return Lab(tmp_path)


def hook(receiver, **fields):
    """A webhook there."""
    return Notification(**({"url": f"{receiver.url}/hook"} | fields))


def github(receiver, **fields):
    """Its statuses there."""
    return CommitStatus(
        provider="github", url=receiver.url, repository="lab/x", token_env="RUNNER_T", **fields
    )


def told(receiver):
    """States that came, in their order."""
    return [each.value["state"] for each in receiver.got]


def test_a_message_is_signed_so_that_the_receiver_can_check_it(lab):
    """By the key, the time and the bytes of the body."""
    with receiving() as receiver:
        error = lab.turn(hook(receiver, secret_env="RUNNER_KEY"))
    (got,) = receiver.got
    signed = f"{got.headers['x-runner-timestamp']}.".encode() + got.body

    assert ("", "/hook", "complete") == (error, got.path, got.value["state"])
    assert (
        f"sha256={hmac.new(b'hunter2', signed, hashlib.sha256).hexdigest()}"
        == (got.headers["x-runner-signature-256"])
    )
    assert [
        str(int(lab.now.timestamp())),
        got.value["id"],
        "complete",
        "application/json; charset=utf-8",
    ] == [
        got.headers[name]
        for name in ("x-runner-timestamp", "x-runner-delivery", "x-runner-event", "content-type")
    ]


def test_the_check_that_the_docs_propose_takes_what_we_send_and_nothing_else(lab):
    """Another body, another key and an old message are refused."""
    page = (DOCS / "notifications.md").read_text(encoding="utf-8")
    names = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], names)
    lab.now = datetime.now(UTC)
    with receiving() as receiver:
        lab.turn(hook(receiver, secret_env="RUNNER_KEY"))
        lab.now -= timedelta(hours=1)
        lab.turn(hook(receiver, secret_env="RUNNER_KEY"), runs=10)
    new, old = receiver.got
    tried = [(new, new.body, "hunter2"), (new, new.body + b" ", "hunter2"), (new, new.body, "hunter3")]
    tried.append((old, old.body, "hunter2"))

    assert [True, False, False, False] == [
        names["is_ours"]({name.title(): value for name, value in got.headers.items()}, body, key)
        for got, body, key in tried
    ]


def test_each_state_of_a_digest_is_told_once_also_after_a_restart(lab):
    """States that come and go are no news; another digest is."""
    with receiving() as receiver:
        both = hook(receiver, on=["complete", "progressing"])
        for state in ("progressing", "complete", "progressing", "complete"):
            lab.turn(both, state=state)
            lab.restart()
        lab.turn(both, runs=10)
        lab.turn(both)

    assert ["progressing", "complete", "complete"] == told(receiver)
    assert 2 == len({each.value["digest"] for each in receiver.got})


def test_only_what_was_asked_for_is_told(lab):
    """By state and by name; settings with one address are of one receiver, which is told once."""
    with receiving() as receiver:
        lab.turn(hook(receiver, on=["failed"]), refused="b" * 40, refusal="no")
        nothing = told(receiver)
        lab.turn(hook(receiver, experiments=["other-*"]), refused="b" * 40, refusal="no")
        of_all = told(receiver)
        lab.turn(hook(receiver, on=["failed"]), hook(receiver, experiments=["a*", "e?p"]), hook(receiver))

    assert ([], ["refused"], ["refused", "complete"]) == (nothing, of_all, told(receiver))


def test_a_busy_receiver_is_asked_again(lab):
    """Three times in a turn, with pauses that it may ask for; a redirect is not followed."""
    with receiving(503, (429, {"Retry-After": "3"}, b""), 200) as receiver:
        error = lab.turn(hook(receiver))
    with receiving((307, {"Location": "http://127.0.0.1:1/"}, b"")) as mover:
        moved = lab.turn(hook(mover))

    assert ("", ["complete"] * 3, [0.5, 3.0]) == (error, told(receiver), lab.pauses)
    assert 1 == len({each.value["id"] for each in receiver.got})
    assert moved.endswith("refuses 'complete' of exp: HTTP 307; given up")


def test_nothing_is_dropped_while_a_receiver_is_down(lab):
    """Later turns ask once each; what came to be in the meantime follows in its order."""
    with receiving(*[503] * 5) as receiver:  # three, one and one
        both = hook(receiver, on=["complete", "progressing"])
        errors = [lab.turn(both, state=state) for state in ("progressing", "complete", "complete")]
        lab.restart()
        errors.append(lab.turn(both))

    host = receiver.url.removeprefix("http://")
    assert ([f"webhook {host}: HTTP 503"] * 3 + [""], [0.5, 1.0]) == (errors, lab.pauses)
    assert ["progressing"] * 6 + ["complete"] == told(receiver)
    assert [()] == [each.waiting for each in lab.outbox.values()]


def test_a_receiver_that_asks_for_a_long_rest_gets_it(lab):
    """It is bounded by ten minutes."""
    with receiving((503, {"Retry-After": "86400"}, b"")) as receiver:
        errors = [lab.turn(hook(receiver)), lab.turn(hook(receiver))]
        lab.now += timedelta(seconds=600)
        errors.append(lab.turn(hook(receiver)))

    assert ([], 2) == (lab.pauses, len(receiver.got))
    assert ["HTTP 503", "rests until 00:10:00 UTC, as it asks", ""] == [
        each.partition(": ")[2] for each in errors
    ]


def test_a_refused_message_is_given_up_and_told_until_another_is_taken(lab):
    """What the receiver says is cut, and holds no secret of ours."""
    said = b"hunter2 is no key\x1b " + b"n" * 5000
    with receiving((400, {}, said)) as receiver:
        one = hook(receiver, secret_env="RUNNER_KEY")
        errors = [lab.turn(one), lab.turn(one), lab.turn(one, runs=10)]

    host = receiver.url.removeprefix("http://")
    assert 2 == len(receiver.got)
    assert [True, True, False] == [bool(each) for each in errors]
    assert errors[0] == errors[1]
    assert errors[0].startswith(f"webhook {host} refuses 'complete' of exp: HTTP 400: … is no key")
    assert errors[0].endswith("nnn; given up")
    assert len(errors[0]) < 300
    assert "hunter2" not in errors[0]


def test_what_the_environment_lacks_is_named_and_nothing_is_lost(lab):
    """The URL of a chat service is never shown."""
    with receiving() as receiver:
        secret = {"RUNNER_CHAT": f"{receiver.url}/T0/hunter2"}
        chat = Notification(url_env="RUNNER_CHAT")
        unset = lab.turn(chat, environ={})
        broken = lab.turn(chat, environ={"RUNNER_CHAT": "hunter2"})
        gone = lab.turn(chat, environ={"RUNNER_CHAT": "http://127.0.0.1:1/hunter2"})
        lab.turn(chat, environ=secret)

    assert "the environment variable RUNNER_CHAT is not set" == unset
    assert [
        "webhook $RUNNER_CHAT: no answer: MissingSchema",
        "webhook $RUNNER_CHAT: no answer: ConnectionError",
    ] == [
        broken,
        gone,
    ]
    assert ["/T0/hunter2"] == [each.path for each in receiver.got]
    assert "hunter2" not in (lab.folder / "notifications.json").read_text(encoding="utf-8")


def test_a_token_that_no_header_can_carry_is_not_shown(lab):
    """Libraries put it into their errors."""
    with receiving() as receiver:
        said = lab.turn(github(receiver), environ={"RUNNER_T": "hun\nter2"})

    assert f"commit status at {receiver.url.removeprefix('http://')}: no answer: InvalidHeader" == said


def test_commits_have_a_status_on_github(lab):
    """Of the repository, and of each experiment if wished; once for each state."""
    with receiving() as receiver:
        for state in ("progressing", "progressing", "complete", "complete"):
            lab.turn(github(receiver, per_experiment=True), state=state)

    assert [
        ("pending", "runner", "0 of 1 experiment complete; progressing: exp"),
        ("pending", "runner/exp", "progressing: 1 job: 1 active"),
        ("success", "runner", "1 of 1 experiment complete"),
        ("success", "runner/exp", "complete: 1 job, 5 runs measured"),
    ] == [tuple(each.value[key] for key in ("state", "context", "description")) for each in receiver.got]
    assert {(f"/repos/lab/x/statuses/{COMMIT}", "Bearer ghp_hunter2", "2022-11-28")} == {
        (each.path, each.headers["authorization"], each.headers["x-github-api-version"])
        for each in receiver.got
    }


def test_commits_have_a_status_on_gitlab(lab):
    """A state that is there already is no error; a commit that was superseded is said to be canceled."""
    there = b'{"message":"Cannot transition status via :run from :running (Reason(s): ...)"}'
    with receiving((400, {}, there)) as receiver:
        status = CommitStatus(
            provider="gitlab", url=receiver.url + "/api/v4", repository="lab/x", token_env="RUNNER_T"
        )
        errors = [lab.turn(status, state="progressing")]
        following = AppliedCommit(
            url="https://git.test/lab/x.git", branch="main", commit="b" * 40, names=("exp",)
        )
        errors.append(lab.turn(status, applied=following, refused="c" * 40, refusal="history was rewritten"))

    assert ["", ""] == errors
    assert [("a", "running"), ("a", "canceled"), ("c", "failed"), ("b", "success")] == [
        (each.path[-1], each.value["state"]) for each in receiver.got
    ]
    assert {("/api/v4/projects/lab%2Fx/statuses/", "ghp_hunter2", "runner", "main")} == {
        (each.path[:-40], each.headers["private-token"], each.value["name"], each.value["ref"])
        for each in receiver.got
    }


@pytest.mark.parametrize(
    ("answer", "is_left"),
    [((403, {"Retry-After": "60"}, b""), True), (403, False), (401, False), (500, True), (408, True)],
)
def test_what_may_go_better_later_stays(lab, answer, is_left):
    """A limit of GitHub's is a 403 with a time."""
    with receiving(answer, answer, answer) as receiver:
        lab.turn(github(receiver))

    assert [is_left] == [bool(each.waiting) for each in lab.outbox.values()]


def test_a_receiver_that_hangs_keeps_no_other_from_being_told(lab):
    """It is left behind, though it has the connection."""
    with receiving(HANG, HANG, HANG) as dead, receiving() as alive:
        error = lab.turn(hook(dead, timeout_s=0.1), hook(alive))

    assert ["complete"] == told(alive)
    assert error in {f"webhook {dead.url[7:]}: no answer{how}" for how in (" in time", ": ReadTimeout")}


def test_a_turn_begins_with_those_who_answered_the_last_one(lab):
    """Also after a restart; a bounded time in all is kept by leaving the others for later."""
    asked = []

    def post(message, timeout_s):
        asked.append(message.url)
        return Posted(said="no answer") if message.url == "http://dead" else Posted(200)

    hooks = [Notification(url="http://dead"), Notification(url="http://alive")]
    for runs in (5, 10):
        lab.notifying = Notifying(lab.folder, lab.context, post)
        lab.turn(*hooks, runs=runs)

    assert ["http://dead"] * 3 + ["http://alive"] + ["http://alive", "http://dead"] == asked


def test_all_messages_of_a_turn_take_a_bounded_time(lab):
    """What is left waits for the next one; and a receiver is waited for no longer than that."""
    time, given = [0.0], []

    def post(message, timeout_s):
        given.append(timeout_s)
        time[0] += 4.0
        return Posted(200)

    sender = MessageSender(context=lab.context, environ={}, post=post, clock=lambda: time[0])
    messages = [Message(key=str(n), state="complete", body={"id": str(n)}) for n in range(5)]
    kept = []
    one = Webhook((Notification(url="http://x"),))
    ended = sender.deliver(Channel().with_news(messages), one, TURN_S, kept.append)

    assert ([5.0, 5.0, 2.0], "", 3) == (given, ended.error, ended.delivered)
    assert [4, 3, 2] == [len(each.waiting) for each in kept]


def test_a_wish_to_end_is_heard_while_a_receiver_hangs(lab):
    """And the message waits for the next start."""
    with receiving(HANG) as receiver:

        def end():
            receiver.hung.wait(30)
            lab.stopped = True

        asker = threading.Thread(target=end)
        asker.start()
        with pytest.raises(StopRequest):
            lab.turn(hook(receiver, timeout_s=10.0))
        asker.join(30)

    assert [1] == [len(each.waiting) for each in lab.outbox.values()]


def test_nobody_is_told_without_settings_or_a_commit(lab):
    """And nothing is written."""
    lab.turn()
    lab.turn(Notification(url="http://127.0.0.1:1"), project=None)

    assert [] == list(lab.folder.iterdir())


def test_a_receiver_that_is_gone_is_told_nothing_more(lab):
    """What it knows stays known, should it come back."""
    with receiving(503, 503, 503) as receiver, receiving() as other:
        lab.turn(hook(receiver))
        lab.turn(hook(other))
        lab.turn(hook(receiver))

    assert 3 == len(receiver.got)


def test_what_is_remembered_is_read_or_said_to_be_broken(lab):
    """It is not overwritten."""
    path = lab.folder / "notifications.json"
    path.write_text('{"webhook:1": {"known": 3}}', encoding="utf-8")
    with receiving() as receiver:
        said = lab.turn(hook(receiver))

    assert (True, []) == (said.endswith("is not what `runner sync` writes"), receiver.got)
    assert {"webhook:1": {"known": 3}} == json.loads(path.read_text(encoding="utf-8"))


def test_only_the_newest_messages_are_remembered():
    """The memory does not grow for ever."""
    channel = Channel().with_news(Message(key=str(n), state="complete", body={}) for n in range(KEPT + 2))

    assert (KEPT, "2") == (len(channel.known), next(iter(channel.known)))


def test_a_commits_key_names_its_context():
    """Contexts may have any characters."""
    state = CommitState(commit=COMMIT, context="lab/runner/exp", state="held", description="")

    assert f"{COMMIT}/lab/runner/exp" == state.key
