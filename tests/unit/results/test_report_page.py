"""The page of a report."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from builders import RECIPE, a_record, a_result, at, some_results

from runner.domain import JobStatus
from runner.results import Flaw, Runs, Verdict
from runner.results.records.counted_jobs import ResultStatus
from runner.results.report import BatchRow, Drawing, Provenance, Report, batches, page

EVIL = "</td></style></title></pre><script>alert('&')</script><img src=x onerror=\"alert(1)\">\u202e\0\ud800"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><path id="a" d="M 0 0"/></svg>'
FINE = Verdict(2, 1, ())


def a_provenance(**fields):
    """Of a file that nothing was bought of."""
    values = {
        "path": "specs/exp.yaml",
        "file_digest": "f" * 64,
        "expanded": "kind: Experiment\n",
        "verdict": FINE,
    }
    return Provenance(**values | fields)


def a_report(*jobs, **fields):
    """Of some jobs."""
    values = {"title": "exp", "device_type": "EMU_FREE", "recipe": RECIPE, "provenance": a_provenance()}
    return Report(**values | {"results": some_results(*jobs)} | fields)


def tree(report):
    """The parsed page: it is XML too, but for its first line and elements that are empty by nature."""
    head, _, rest = page(report).partition("\n")
    assert head == "<!DOCTYPE html>"
    return ET.fromstring(re.sub(r"(<meta [^>]*)>", r"\1/>", rest))


def text(of):
    """The text of an element."""
    return "".join(of.itertext())


def rows(report, caption):
    """Text of each row of a table."""
    found = next(each for each in tree(report).iter("table") if each.findtext("caption") == caption)
    return [[text(cell) for cell in row] for row in found.iter("tr")]


def facts(report):
    """What is said by name."""
    return {
        each.findtext("dt"): text(each.find("dd"))
        for each in tree(report).iter("div")
        if each.find("dt") is not None
    }


def test_every_job_has_a_row():
    """Variables with their units, status, runs, bitstrings with their shares, and what went wrong."""
    failed = a_record(status=JobStatus.ERROR, errors=("atoms lost", "atoms lost"))
    some = {"00": 4, "01": 3, "10": 2, "11": 1}
    report = a_report(
        a_result(some, variables={"t_ns": 1000, "omega": 0.1 + 0.2}, runs=20),
        a_result({"11": 2000}, variables={"t_ns": 2000, "omega": 1.0, "phi_rad": [0.5, 1]}),
        a_result(name="bad", variables={}, remote_jobs=(failed,), status=ResultStatus.ERROR),
        a_result(name="none", variables={}),
    )

    assert [
        [
            "job",
            "t_ns ns",
            "omega",
            "phi_rad[0] rad",
            "phi_rad[1] rad",
            "status",
            "runs",
            "most frequent bitstrings, errors",
        ],
        [
            "t_ns=1000,omega=0.30000000000000004",
            "1000",
            "0.3",
            "–",
            "–",
            "◐ PARTIAL",
            "10 of 20",
            "00 4 (40.0%) 01 3 (30.0%) 10 2 (20.0%) and 1 more",
        ],
        [
            "t_ns=2000,omega=1.0,phi_rad=[0.5, 1]",
            "2000",
            "1",
            "0.5",
            "1",
            "✓ DONE",
            "2,000 of 2,000",
            "11 2,000 (100.0%)",
        ],
        ["bad", "–", "–", "–", "–", "✗ ERROR", "0 of 100", "atoms lost"],
        ["none", "–", "–", "–", "–", "○ MISSING", "0 of 100", "nothing on record"],
    ] == rows(report, "Jobs")


def test_batches_come_by_age():
    """Each with how its jobs ended, and its times in UTC, wherever they were written down."""
    east = timezone(timedelta(hours=5))
    jobs = [
        a_record("j1", batch_id="b2", created_at=at(60).astimezone(east), ended_at=at(90)),
        a_record("j2", batch_id="b2", created_at=at(61), ended_at=at(80), status=JobStatus.ERROR),
        a_record("j3", batch_id="b1", created_at=at(0)),
        a_record("j4", batch_id="b0"),
    ]

    assert [
        BatchRow(id="b1", statuses={"DONE": 1}, runs=100, created_at=at(0), ended_at=None),
        BatchRow(id="b2", statuses={"DONE": 1, "ERROR": 1}, runs=100, created_at=at(60), ended_at=at(90)),
        BatchRow(id="b0", statuses={"DONE": 1}, runs=100, created_at=None, ended_at=None),
    ] == list(batches(jobs))
    assert [
        ["batch", "jobs", "runs", "created", "ended"],
        ["b1", "1 DONE", "100", "2026-03-01 12:00:00 UTC", "–"],
        ["b2", "1 DONE, 1 ERROR", "100", "2026-03-01 12:01:00 UTC", "2026-03-01 12:01:30 UTC"],
        ["b0", "1 DONE", "100", "–", "–"],
    ] == rows(a_report(a_result({"0": 300}, qubit_ids=("a",), remote_jobs=tuple(jobs))), "Batches")


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ([a_result({"00": 1000})], "Complete: 1 job, 1,000 runs"),
        ([a_result({"00": 10}), a_result({"00": 20})], "Complete: all 2 jobs, 30 runs"),
        (
            [a_result({"00": 10}), a_result({"00": 10}, runs=15)],
            "Partial results: 1 of 2 jobs complete, 1 with fewer runs than wanted; 20 of 25 runs",
        ),
        (
            [a_result(status=ResultStatus.ERROR), a_result(status=ResultStatus.CANCELED), a_result()],
            "No results yet: 0 of 3 jobs complete, 1 failed, 1 cancelled, 1 not measured yet; 0 of 300 runs",
        ),
        ([a_result({"00": 10}, runs=10), a_result({"00": 99}, runs=0)], "Complete: 1 job, 10 runs"),
    ],
)
def test_what_is_partial_is_said_on_top(jobs, said):
    """How many jobs and runs there are, of those that the file asks for."""
    header = tree(a_report(*jobs)).find("body/header")

    assert ["exp", said] == [text(each) for each in header]


def test_the_manifest_says_what_ran():
    """Device, target, commit, versions, times; the file and its digest as well."""
    dirty, edited = " with changes that were not committed", " was changed since it was bought"
    manifest = {
        "device": "AnalogDevice",
        "target": "pasqal",
        "commit": "c0ffee",
        "dirty": True,
        "versions": {"python": "3.11.7", "pulser": "1.9.1"},
        "file": {"digest": "e" * 64},
        "earlier": [{"commit": "bad"}],
        "written_at": "2026-03-01T13:00:00+01:00",
    }
    job = a_record(created_at=at(0), started_at=at(1), ended_at=at(2), counts={"0": 100})
    known = a_provenance(manifest=manifest, manifest_path="m.json", manifest_digest="d" * 64, others=3)
    report = a_report(
        a_result({"0": 100}, qubit_ids=("q0",), remote_jobs=(job,)),
        device_type="FRESNEL",
        provenance=known,
        qpu_s=120.0,
    )

    assert {
        "device type": "FRESNEL",
        "device of the sequence": "AnalogDevice",
        "target": "pasqal",
        "qubits": "1: q0 (the order of the bitstrings)",
        "recipe": RECIPE,
        "commit": f"c0ffee{dirty}; bought from 1 other state before, told in the manifest",
        "versions": "python 3.11.7, pulser 1.9.1",
        "batches": "1 batch with 1 remote job",
        "began": "2026-03-01 12:00:01 UTC",
        "ended": "2026-03-01 12:00:02 UTC",
        "measured": "100 runs, about 2.0 min of QPU time",
        "experiment file": f"specs/exp.yaml{edited}; sequence and device type are the same",
        "digest of the file": "sha256:" + "f" * 64,
        "manifest": "m.json",
        "digest of the manifest": "sha256:" + "d" * 64,
        "manifest written": "2026-03-01 12:00:00 UTC",
        "records": "2 remote jobs in 1 file, all as they were recorded",
        "not shown": "3 remote jobs on record that the file does not ask for any more",
    } == facts(report)


def test_nothing_bought_is_said():
    """Instead of a commit; there are no batches to list."""
    report = a_report(a_result())

    assert {
        "device type": "EMU_FREE",
        "qubits": "2: q0 q1 (the order of the bitstrings)",
        "recipe": RECIPE,
        "commit": "nothing of it was bought yet",
        "experiment file": "specs/exp.yaml",
        "digest of the file": "sha256:" + "f" * 64,
        "records": "2 remote jobs in 1 file, all as they were recorded",
    } == facts(report)
    assert ["What ran", "Jobs", "Provenance"] == [text(each) for each in tree(report).iter("h2")]


def test_flaws_of_the_records_are_listed():
    """The first twenty, by file and line."""
    flaws = tuple(
        Flaw(Path("results/b1.jsonl"), line, "the digest is not that of the line") for line in range(22)
    )
    report = a_report(a_result(), provenance=a_provenance(verdict=Verdict(22, 1, flaws)))
    listed = [text(each) for each in tree(report).iter("li")]
    header = [text(each) for each in tree(report).find("body/header")]

    assert "The records are not as they were written; see Provenance" == header[-1]
    assert "22 remote jobs in 1 file, 22 flaws: not as they were recorded" == facts(report)["records"]
    assert (21, "b1.jsonl: the digest is not that of the line", "… and 2 more") == (
        len(listed),
        listed[0],
        listed[-1],
    )


def test_pictures_are_named_and_do_not_share_names():
    """Each with a caption, and a label for who cannot see it."""
    drawn = tree(
        a_report(
            a_result(),
            sequence=(Drawing("atoms", SVG), Drawing("pulses", SVG, is_wide=True)),
            figures=(Drawing("occupation", SVG),),
        )
    )

    assert ["atoms", "pulses", "occupation"] == [text(each) for each in drawn.iter("figcaption")]
    assert ["atoms", "pulses", "occupation"] == [each.get("aria-label") for each in drawn.iter("svg")]
    assert ["sequence-1-a", "sequence-2-a", "picture-1-a"] == [each.get("id") for each in drawn.iter("path")]
    assert ["What ran", "Register and sequence", "Pictures", "Jobs", "Provenance"] == [
        text(each) for each in drawn.iter("h2")
    ]


class _Seen(HTMLParser):
    """Elements and names of attributes, as a lenient reader finds them."""

    def __init__(self):
        super().__init__()
        self.elements, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}


def hostile():
    """A report every text of which comes from somebody who means no good."""
    failed = a_record("j1", name=EVIL, batch_id=EVIL, status=JobStatus.ERROR, errors=(EVIL,))
    variables = {EVIL: [EVIL], "m": {EVIL: EVIL}}
    manifest = dict.fromkeys(["device", "target", "commit", "written_at"], EVIL)
    known = a_provenance(
        path=EVIL,
        expanded=EVIL,
        manifest=manifest
        | {"versions": {EVIL: EVIL}, "dirty": EVIL, "earlier": EVIL, "file": {"digest": EVIL}},
        manifest_digest=EVIL,
        file_digest=EVIL,
        verdict=Verdict(1, 1, (Flaw(Path(EVIL.replace("/", "")), 1, EVIL),)),
    )
    return a_report(
        replace(a_result(), name=EVIL, variables=variables, qubit_ids=(EVIL,), remote_jobs=(failed,)),
        title=EVIL,
        description=EVIL,
        device_type=EVIL,
        recipe=EVIL,
        provenance=known,
        sequence=(Drawing(EVIL, SVG),),
    )


def test_nothing_of_a_text_is_taken_for_html():
    """No element and no attribute is there that an honest report has not, and the file can be written."""
    honest, evil = _Seen(), _Seen()
    manifest = {"commit": "c", "dirty": True, "file": {}, "versions": {}, "written_at": ""}
    honest.feed(
        page(
            a_report(
                a_result({"00": 1}, remote_jobs=(a_record(errors=("lost",)),)),
                description="what",
                provenance=a_provenance(
                    manifest=manifest, manifest_digest="d", verdict=Verdict(1, 1, (Flaw(Path("a"), 1, "b"),))
                ),
                sequence=(Drawing("atoms", SVG),),
            )
        )
    )
    evil.feed(page(hostile()).encode().decode())

    assert (set(), set()) == (evil.elements - honest.elements, evil.attributes - honest.attributes)
    assert "script" not in evil.elements
    assert "alert('&')" in text(tree(hostile()).find("body/header/h1"))


def test_the_page_asks_for_nothing():
    """No element of it names a place elsewhere, and its policy refuses what would."""
    drawn = tree(a_report(a_result({"00": 1}), sequence=(Drawing("atoms", SVG),)))
    (policy,) = [
        each.get("content")
        for each in drawn.iter("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    links = {"href", "src", "srcset", "action", "data", "poster", "background"}

    assert policy.startswith("default-src 'none'; ")
    assert "script-src" not in policy
    assert set() == {name for each in drawn.iter() for name in each.attrib} & links
    assert "url(" not in drawn.findtext("head/style")


def test_the_same_report_gives_the_same_page():
    """Byte by byte, in any zone of time."""
    made = [page(a_report(a_result({"00": 1, "11": 3}, runs=Runs(4, 4).wanted))) for _ in range(2)]

    assert made[0] == made[1]
