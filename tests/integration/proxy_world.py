"""Plays a script: real commands in scratch repositories, the proxy, and the real cloud behind it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import commands
from proxied import FaultProxy
from proxy_scripts import LEASE_S, SETTLE_S

NAMES = ("ada", "bob")
# A command that does not end while there are faults is killed; that is no mistake of its own.
_FAULTY_S = 8
# What is left when faults are over: so long for a command, and so many of them.
TIMEOUT_S = 60
ROUNDS = 3
_STOPPED_S = 4
_SETTINGS = """\
namespace = "{namespace}"
target = "test"
[targets.test]
url = "{url}"
settle_s = {settle_s}
claim_ttl_s = {claim_ttl_s}
poll_s = 0.1
"""
_CRASHED = 70


@dataclass(slots=True)
class Ended:
    """How a command ended.

    Args:
        code: Exit code; negative for a signal, None for killed by us because it did not end.

        said: What it printed.
    """

    code: int | None
    said: str = field(repr=False)

    @property
    def is_crash(self):
        """Whether it is a bug, whatever the cloud does."""
        return self.code == _CRASHED or "Traceback" in self.said


@dataclass(slots=True)
class Played:
    """What a script came to, for a judge.

    Args:
        meanwhile: How commands ended while there were faults.

        rounds: How those of all clones ended after the faults, round by round.

        again: How those ended after which nothing may be left to do, and the changes that they asked for.

        log: All requests, see `fault_proxy.Asked`.

        records: Of each clone, in the end.
    """

    namespace: str
    meanwhile: list = field(default_factory=list)
    rounds: list = field(default_factory=list)
    again: list = field(default_factory=list)
    changes: list = field(default_factory=list)
    log: list = field(default_factory=list)
    records: list = field(default_factory=list)


class World:
    """The clones of one script.

    Args:
        folder: Where they are.

        cloud: A served cloud.

        forks: What starts commands.
    """

    def __init__(self, folder, cloud, forks):
        self._folder, self._cloud, self._forks = folder, cloud, forks
        self._labs, self._proxy, self._policy = [], None, {}

    def play(self, script, namespace):
        """What a script comes to."""
        played = Played(namespace)
        try:
            with FaultProxy(self._cloud.url) as self._proxy:
                self._set_up(script, namespace)
                for step in script.steps:
                    played.meanwhile += self._done(step)
                self._come_to_rest(played)
                played.log = self._proxy.log()
        finally:
            self._all_well()
        played.records = [_records(lab) for lab in self._labs]
        return played

    def _set_up(self, script, namespace):
        self._policy = script.policy
        settings = _SETTINGS.format(
            namespace=namespace, url=self._proxy.url, settle_s=SETTLE_S, claim_ttl_s=LEASE_S
        )
        for name, version in zip(NAMES, script.firsts, strict=False):
            self._labs.append(commands.a_lab(self._folder / name))
            (self._labs[-1] / "runner.toml").write_text(settings, encoding="utf-8")
            self._write(self._labs[-1], version)
        self._proxy.behave(*script.rules, seed=script.seed, most=script.most)
        self._cloud.behave(*(rule | {"seed": script.seed} for rule in script.cloud_rules))

    def _all_well(self):
        self._cloud.behave()
        self._cloud.pause()

    def _write(self, lab, version):
        (lab / "specs" / "pair.yaml").write_text(experiment(version, self._policy), encoding="utf-8")

    def _done(self, step):
        """Does a step; how the commands ended that were started for it."""
        labs = [self._labs[n] for n in step.clones]
        if step.what == "apply":
            return self._applied(labs, _FAULTY_S, step.stop)
        if step.what in {"pause", "resume"}:
            self._cloud.pause(*(["EMU_FREE"] if step.what == "pause" else []))
        for lab in labs:
            if step.version:
                self._write(lab, step.version)
            for name in step.folders:
                shutil.rmtree(lab / name, ignore_errors=True)
        return []

    def _come_to_rest(self, played):
        """After the last fault: rounds until all end well, and one more."""
        self._proxy.behave()
        self._all_well()
        while len(played.rounds) < ROUNDS and not (played.rounds and _are_well(played.rounds[-1])):
            played.rounds.append(self._applied(self._labs, TIMEOUT_S))
        before = len(self._proxy.log())
        played.again = self._applied(self._labs, TIMEOUT_S)
        played.changes = [each for each in self._proxy.log()[before:] if each["method"] != "GET"]

    def _applied(self, labs, timeout_s, stop=None):
        """All apply at the same time, and have half of a time for it: how they end."""
        if stop:
            self._proxy.stop(stop.number, changes=stop.changes, moment=stop.moment)
        for lab in labs:
            (lab / "log").unlink(missing_ok=True)
        words = ("apply", "specs", "--yes", "--timeout", str(timeout_s / 2))
        pids = [self._forks.start(lab, *words) for lab in labs]
        deadline = time.monotonic() + timeout_s
        if stop:
            self._stop(pids[0], stop)
        codes = [self._forks.end(pid, max(0.0, deadline - time.monotonic())) for pid in pids]
        for pid, code in zip(pids, codes, strict=True):
            if code is None:
                self._forks.kill(pid)
        return [Ended(code, _text(lab / "log")) for lab, code in zip(labs, codes, strict=True)]

    def _stop(self, pid, stop):
        """Kills a command at a moment, or lets it stand still; it may have ended before."""
        until = time.monotonic() + _STOPPED_S
        while not (came := self._proxy.stopped(0.05)) and time.monotonic() < until:
            if self._forks.end(pid, 0) is not None:
                break
        if came:
            self._forks.send(pid, signal.SIGKILL if stop.still_s is None else signal.SIGSTOP)
        self._proxy.go(forward=stop.forward)
        if came and stop.still_s is not None:
            time.sleep(stop.still_s)
            self._forks.send(pid, signal.SIGCONT)


def experiment(version, policy):
    """Text of an experiment file."""
    jobs = [f"    - {{runs: {runs}, variables: {{t_ns: {t_ns}}}}}" for t_ns, runs in version.runs]
    before = commands.EXPERIMENT.partition("  jobs:\n")[0].replace("6.28", str(version.amplitude))
    return "\n".join([f"{before}  policy: {json.dumps(policy)}", "  jobs:", *jobs, ""])


def _are_well(ends):
    return all(ended.code == 0 for ended in ends)


def _records(lab):
    files = lab.glob("results/*/*/*.jsonl")
    return [
        json.loads(line) | {"recipe": f.parent.name} for f in files for line in f.read_text().splitlines()
    ]


def _text(path):
    """What a command has printed, and what stands in the report of a bug that it names."""
    said = path.read_text(encoding="utf-8") if path.exists() else ""
    report = re.search(r"the report is in (\S+)", said)
    return said + (Path(report[1]).read_text(encoding="utf-8") if report else "")
