"""Holds what a script came to against what was promised; the cloud is asked directly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

# More batches than any script has a use for: two runners undo each other's work.
_MOST_BATCHES = 40
_HELD, _FAILED = 4, 3
_OVER = {"DONE", "ERROR", "CANCELED"}


@dataclass(frozen=True, slots=True)
class Truth:
    """What the cloud has of a namespace.

    Args:
        amplitudes: Of each recipe.
    """

    batches: list[dict[str, Any]]
    jobs: list[dict[str, Any]]
    amplitudes: dict[str, float]

    def of_batch(self, batch):
        """The amplitude of a batch's sequence."""
        return self.amplitudes[_recipe(batch)]

    def runs(self, *statuses):
        """Runs of the jobs in some statuses, by amplitude and point."""
        amplitudes = {batch["id"]: self.of_batch(batch) for batch in self.batches}
        runs = Counter()
        for job in self.jobs:
            if job["status"] in statuses:
                runs[amplitudes[job["batch_id"]], job["variables"]["t_ns"]] += job["runs"]
        return runs


def truth(cloud, namespace, amplitudes):
    """What the cloud has, asked directly."""
    batches = cloud.batches(namespace)
    jobs = [job for batch in batches for job in cloud.jobs(batch["id"])]
    first = {_recipe(batch): batch["id"] for batch in batches}
    said = {recipe: cloud.sequence(batch_id) for recipe, batch_id in first.items()}
    found = {recipe: next(a for a in amplitudes if str(a) in text) for recipe, text in said.items()}
    return Truth(batches, jobs, found)


def verdict(script, played, cloud):
    """Every promise that was broken, in words that begin with its kind."""
    there = truth(cloud, played.namespace, {version.amplitude for version in script.versions()})
    return [
        *_crashes(played),
        *_overbought(script, played, there),
        *_restless(script, played),
        *_missing(script, played, there),
        *_misrecorded(played, there, cloud),
        *_left_open(there),
    ]


def _crashes(played):
    ends = [*played.meanwhile, *(ended for some in played.rounds for ended in some), *played.again]
    return [f"crash: {ended.said[-600:]}" for ended in ends if ended.is_crash]


def _overbought(script, played, there):
    twice = bought_twice(played.log)
    bought = there.runs("PENDING", "RUNNING", "DONE", "CANCELING")
    for (amplitude, t_ns), runs in sorted(bought.items()):
        most = script.allowed(amplitude, t_ns) + twice[t_ns]
        if runs > most:
            yield f"overbought: {runs} runs of {most} at {t_ns} ns with {amplitude}"
    if len(there.batches) > _MOST_BATCHES:
        yield f"restless: {len(there.batches)} batches"


def bought_twice(log):
    """Runs that the proxy has bought by sending a purchase again, by point."""
    runs = Counter()
    for asked in log:
        for n, variables in asked["bought"]:
            runs[(variables or {}).get("t_ns")] += n * max(0, asked["accepted"] - 1)
    return runs


def _restless(script, played):
    last = played.rounds[-1]
    for ended in last:
        if not (ended.code == 0 or is_justified(script, played, ended)):
            yield f"no end: exit code {ended.code} after {len(played.rounds)} rounds: {ended.said[-600:]}"
    for ended in played.again:
        if not (ended.code == 0 or is_justified(script, played, ended)):
            yield f"again: exit code {ended.code}: {ended.said[-600:]}"
    posts = [f"{each['method']} {each['path']}" for each in played.changes if each["method"] == "POST"]
    if posts:
        yield f"again: {len(posts)} requests that create, as {posts[0]}"


def is_justified(script, played, ended):
    """Whether there is something that a person must decide, or that failed for good."""
    if ended.code == _FAILED:
        return any(rule["effect"] == "job_error" for rule in script.cloud_rules)
    # One without a status was cut off, as the command was killed.
    posts = [each for each in played.log if each["method"] == "POST"]
    unclear = [each for each in posts if each["fault"] != "none" or not each["status"]]
    return ended.code == _HELD and bool(unclear)


def _missing(script, played, there):
    """Everything that a clone asks for in the end is bought, measured and on its record."""
    if any(ended.code != 0 for ended in played.again):
        return  # told already
    done = there.runs("DONE")
    for clone, records in enumerate(played.records):
        version, recorded = script.last(clone), Counter()
        for record in records:
            if record["status"] == "DONE" and there.amplitudes.get(record["recipe"]) == version.amplitude:
                recorded[record["variables"]["t_ns"]] += sum((record["counts"] or {}).values())
        for t_ns, runs in version.runs:
            have = done[version.amplitude, t_ns]
            if have < runs:
                yield f"missing: {have} of {runs} runs at {t_ns} ns are measured"
            elif recorded[t_ns] < runs:
                yield f"unrecorded: {recorded[t_ns]} of {runs} runs at {t_ns} ns are on record"


def _misrecorded(played, there, cloud):
    """Counts on record are those that were measured."""
    measured = {job["id"] for job in there.jobs if job["status"] == "DONE"}
    truths = {}
    for record in (record for records in played.records for record in records):
        if record["status"] != "DONE" or record["job_id"] not in measured:
            continue
        if record["job_id"] not in truths:
            truths[record["job_id"]] = cloud.counts(record["job_id"])
        if record["counts"] != truths[record["job_id"]]:
            yield f"misrecorded: {record['counts']} in place of {truths[record['job_id']]}"


def _left_open(there):
    held = [batch["id"] for batch in there.batches if batch["open"] and batch["jobs_count"]]
    if held:
        yield f"left open: {len(held)} batches hold their machine"
    live = [job for job in there.jobs if job["status"] not in _OVER]
    if live:
        yield f"left over: {len(live)} jobs are not over"


def _recipe(batch):
    return next(tag.partition(":")[2] for tag in batch["tags"] if tag.startswith("recipe:"))
