"""`runner watch` as a process, on the local cloud."""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.request

import commands
import pytest
from patience import PATIENCE_S

WAIT_S = 120
HEALTHY = 'runner_experiments{sync="Synced",health="Healthy"} 2\n'


class Watching:
    """A watch that runs, and what it has said so far."""

    def __init__(self, lab, *words):
        self.process = commands.start(lab, "watch", *words, "--interval", "0.5", "-o", "json")
        self.events, self.said = [], []
        self._readers = [
            threading.Thread(target=self._read, args=each, daemon=True)
            for each in ((self.process.stdout, self.events), (self.process.stderr, self.said))
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        lines.extend(iter(stream.readline, ""))

    def texts(self, experiment=None):
        """What was told of an experiment."""
        events = [json.loads(line) for line in self.events]
        return [each["text"] for each in events if experiment in {None, each["experiment"]}]

    def until(self, is_so):
        """Waits for a condition."""
        deadline = time.monotonic() + WAIT_S
        while not is_so():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"in vain: {self.events}, {self.said}")
            time.sleep(0.05)

    def end(self, number=signal.SIGTERM):
        """Sends a signal; answers the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        for reader in self._readers:
            reader.join(WAIT_S)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@pytest.fixture
def watching(lab):
    """Starts a watch, which ends with the test."""
    started = []

    def start(*words):
        started.append(Watching(lab, *words))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.end(signal.SIGKILL)


def records(lab):
    """Points that are on record."""
    lines = [line for file in lab.glob("results/**/*.jsonl") for line in file.read_text().splitlines()]
    return sorted(json.loads(line)["variables"]["t_ns"] for line in lines)


def figures_at(url):
    """What Prometheus would read."""
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return answer.read().decode()


@pytest.mark.long
def test_an_edited_file_is_bought_and_a_broken_one_stops_no_other(lab, watching):
    """Until SIGTERM ends it, with 0 and the lock released; people may decide things in the meantime."""
    path = lab / "specs" / "pair.yaml"
    watch = watching("specs", "--listen", "127.0.0.1:0")
    watch.until(lambda: records(lab) == [100, 200, 300])
    path.write_text(commands.EXPERIMENT.replace("runs: 50", "runs: -5"), encoding="utf-8")
    watch.until(lambda: any("is broken" in text for text in watch.texts()))
    (lab / "specs" / "two.yaml").write_text(
        commands.EXPERIMENT.replace("pair", "two").replace("[100, 200, 300]", "[700]"), encoding="utf-8"
    )
    watch.until(lambda: records(lab) == [100, 200, 300, 700])
    path.write_text(commands.EXPERIMENT.replace("300]", "300, 400]"), encoding="utf-8")
    watch.until(lambda: records(lab) == [100, 200, 300, 400, 700])
    watch.until(lambda: "Synced, Healthy; 4 jobs: 4 done" in watch.texts("pair"))
    (url,) = [line.split()[-1] for line in watch.said if line.startswith("figures are at")]
    watch.until(lambda: HEALTHY in figures_at(url))
    figures = figures_at(url)
    code = watch.end()
    after = commands.run(lab, "apply", "specs", "-o", "json")
    history = json.loads(commands.run(lab, "history", "-o", "json")[1])

    assert (0, ["ended; nothing is lost: start it again to go on\n"]) == (code, watch.said[1:])
    assert "runner_runs_bought_total 250\n" in figures
    assert 0 == after[0], after[2]
    assert ({"watch"}, 250) == ({each["verb"] for each in history}, sum(each["runs"] for each in history))


def test_a_refused_experiment_stops_no_other_and_an_interruption_says_so(lab, watching):
    """130, as for every verb; the refusal is told, in words."""
    refused = commands.EXPERIMENT.replace("pair", "refused").replace("EMU_FREE", "EMU_NOWHERE")
    (lab / "specs" / "a-refused.yaml").write_text(refused, encoding="utf-8")
    watch = watching("specs")
    watch.until(lambda: records(lab) == [100, 200, 300])
    watch.until(lambda: "Synced, Healthy; 3 jobs: 3 done" in watch.texts("pair"))

    assert 130 == watch.end(signal.SIGINT)
    assert any("EMU_NOWHERE" in text for text in watch.texts()), watch.events


def test_a_watch_spends_on_no_remote_cloud_unasked(lab, watching):
    """It says which word is missing."""
    code, stdout, stderr = commands.run(lab, "watch", "specs", "--target", "http://127.0.0.1:9")

    assert (64, "") == (code, stdout)
    assert "say --yes" in stderr
