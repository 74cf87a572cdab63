"""What a target's devices can do: asked for when it is needed, kept with its age."""

from __future__ import annotations

import json

import commands
import pulser
import pytest

from runner.cli import main
from runner.errors import CloudUnavailableError
from runner.project import Project
from runner.project.cache.device_specs import LiveDevices, Served, age_said, place_of
from runner.project.config.repository import Revision
from runner.project.config.tables import Target
from runner.project.experiments.manifest import manifest
from runner.sequences.pulser_api.device_specs import NoSpecificationError, Specification

HOUR_S = 3600.0
FRESNEL = Specification("FRESNEL", "one")
LATER = Specification("FRESNEL", "two")


class Cloud:
    """A target in memory, with a clock."""

    def __init__(self):
        self.texts, self.asked, self.now_s, self.is_down = (
            {"FRESNEL": "one", "EMU_FREE": "free"},
            0,
            1000.0,
            False,
        )

    def fetch(self):
        """What it serves now."""
        self.asked += 1
        if self.is_down:
            raise CloudUnavailableError("no connection", hint="look at the network")
        return self.texts

    def devices(self, place, *, asks=True):
        """As a fresh process knows them."""
        fetch = self.fetch if asks else None
        return LiveDevices(place, target="lab", max_age_s=HOUR_S, fetch=fetch, clock=lambda: self.now_s)


@pytest.fixture
def cloud():
    """A target that serves two device types."""
    return Cloud()


@pytest.fixture
def place(tmp_path):
    """Where its specifications are kept."""
    return place_of(tmp_path, Target(region="fr"), "project")


def test_it_is_asked_once_and_kept_for_other_processes(cloud, place):
    """Also for those that may not ask."""
    known = [cloud.devices(place).known("FRESNEL") for _ in range(2)]
    offline = cloud.devices(place, asks=False)

    assert [FRESNEL] * 4 == [*known, offline.known("FRESNEL"), offline.required("FRESNEL")]
    assert 1 == cloud.asked


def test_it_is_asked_again_when_what_is_kept_is_too_old(cloud, place):
    """By who may ask; for others what is kept serves at any age, and its age is told."""
    cloud.devices(place).known("FRESNEL")
    cloud.texts = {"FRESNEL": "two"}
    cloud.now_s += HOUR_S
    in_time = cloud.devices(place).known("FRESNEL")
    cloud.now_s += 1
    offline = cloud.devices(place, asks=False)
    before = offline.required("FRESNEL"), offline.said_age()

    assert [FRESNEL, (FRESNEL, "1 hour old"), LATER] == [
        in_time,
        before,
        cloud.devices(place).known("FRESNEL"),
    ]


def test_a_long_process_asks_again_too(cloud, place):
    """As `watch` is."""
    devices = cloud.devices(place)
    first = devices.known("FRESNEL")
    cloud.texts, cloud.now_s = {"FRESNEL": "two"}, cloud.now_s + HOUR_S + 1

    assert [FRESNEL, LATER] == [first, devices.known("FRESNEL")]


def test_a_clock_that_was_set_back_is_a_reason_to_ask(cloud, place):
    """Else what is kept would be new for years."""
    cloud.devices(place).known("FRESNEL")
    cloud.texts, cloud.now_s = {"FRESNEL": "two"}, cloud.now_s - 1

    assert LATER == cloud.devices(place).known("FRESNEL")


def test_nobody_is_asked_for_the_sake_of_emulators(cloud, place):
    """They are known once a machine was asked for, or where a file needs them."""
    before = cloud.devices(place).known("EMU_FREE")

    assert (None, 0) == (before, cloud.asked)
    assert Specification("EMU_FREE", "free") == cloud.devices(place).required("EMU_FREE")


def test_a_cloud_that_is_down_leaves_what_is_kept(cloud, place):
    """It is asked at most once a minute, and the failure is told."""
    cloud.devices(place).known("FRESNEL")
    cloud.is_down, cloud.now_s = True, cloud.now_s + 2 * HOUR_S
    devices = cloud.devices(place)
    found = [devices.known("FRESNEL"), devices.required("FRESNEL")]

    assert ([FRESNEL] * 2, 2, "no connection") == (found, cloud.asked, str(devices.failure))


def test_what_is_not_to_be_had_says_why_and_what_to_do(cloud, place):
    """Never asked, out of reach, or not served."""
    told = []
    for asks, is_down, device_type in (
        (False, False, "FRESNEL"),
        (True, True, "FRESNEL"),
        (True, False, "FRES"),
    ):
        cloud.is_down = is_down
        with pytest.raises(NoSpecificationError) as caught:
            cloud.devices(place, asks=asks).required(device_type)
        told.append((caught.value.message, caught.value.hint))

    assert [
        (
            "what FRESNEL of the target lab can do was never asked",
            "`runner devices --refresh` asks for it, as do `plan` and `apply`",
        ),
        ("the target lab can't be asked for FRESNEL: no connection", "look at the network"),
        (
            "the target lab serves no device FRES (less than a minute old)",
            "it serves EMU_FREE, FRESNEL",
        ),
    ] == told


@pytest.mark.parametrize("text", ["", "{}", '{"format": "runner/devices/v1"}', "[1]", "\x00"])
def test_a_broken_file_is_as_good_as_none(cloud, place, text):
    """It is asked for again."""
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")

    assert (None, FRESNEL) == (Served.read(place), cloud.devices(place).known("FRESNEL"))
    assert Served(1000.0, cloud.texts) == Served.read(place)


def test_every_target_and_project_has_its_own(tmp_path):
    """Without a repository nothing is kept."""
    places = [
        place_of(tmp_path, target, project)
        for target in (Target(), Target(region="fr"), Target(url="http://127.0.0.1:1"))
        for project in ("", "p")
    ]

    assert (6, None) == (len(set(places)), place_of(None, Target(), ""))


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [
        (0.0, "less than a minute old"),
        (60.0, "1 minute old"),
        (7300.0, "2 hours old"),
        (3 * 86_400.0, "3 days old"),
    ],
)
def test_ages_are_told_in_words(age_s, expected):
    """Rounded down."""
    assert expected == age_said(age_s)


LIVE = commands.EXPERIMENT.replace("device: AnalogDevice", "device: {target: FRESNEL}").replace(
    "EMU_FREE", "FRESNEL"
)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A lab whose experiment needs a live device, and that is the working folder."""
    lab = commands.a_lab(tmp_path / "lab", experiment=LIVE)
    monkeypatch.chdir(lab)
    return lab


def serve(lab, **changes):
    """Puts a specification of FRESNEL where the local target's are kept, three days old."""
    text = json.dumps(json.loads(pulser.AnalogDevice.to_abstract_repr()) | {"name": "FRESNEL"} | changes)
    Served(0.0, {"FRESNEL": text}).write(place_of(lab / ".runner", Target(), ""))


def said(capsys, *words):
    """Exit code, stdout and stderr of a verb, run in this process."""
    code = main(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_validate_takes_what_is_kept_and_says_its_age(lab, capsys):
    """Or says what to do where nothing is kept; no cloud is asked."""
    unknown = said(capsys, "validate", "specs")
    serve(lab)
    code, out, _ = said(capsys, "validate", "specs")

    assert (1, "") == unknown[:2]
    assert unknown[2].startswith(
        "specs/pair.yaml:7:22: what FRESNEL of the target local can do was never asked\n"
    )
    assert 0 == code
    assert "pair, 3 jobs, 150 runs; FRESNEL of the target local as it is known here, " in out
    assert out.endswith("days old\n")


def test_the_manifest_remembers_the_live_device(lab):
    """Where the sequence names another one; else it stands there already."""
    serve(lab, max_runs=77)
    (lab / "specs" / "named.yaml").write_text(
        LIVE.replace("{target: FRESNEL}", "AnalogDevice").replace("pair", "named"), encoding="utf-8"
    )
    named, live = (
        manifest(each, revision=Revision(None, None), root=lab, target={"target": "local"})
        for each in Project.open(lab).load([lab / "specs"])
    )

    assert ("AnalogDevice", 77) == (named["device"], named["live_device"]["max_runs"])
    assert live["device"] == "FRESNEL"
    assert live["sequence"]["device"]["max_runs"] == 77
    assert "live_device" not in live


def test_a_kept_compilation_ends_with_the_specification(lab, capsys):
    """Another one is compiled against; the same one is not compiled again."""
    serve(lab)
    compiled = lab / ".runner" / "compiled"
    said(capsys, "validate", "specs")
    (kept,) = compiled.iterdir()
    before = kept.stat().st_ino  # compiled again, it would be another file
    again = said(capsys, "validate", "specs")[0], kept.stat().st_ino == before
    serve(lab, max_sequence_duration=250)
    changed = said(capsys, "validate", "specs")

    assert (0, True) == again
    assert (1, "specs/pair.yaml:14:7: t_ns=300: the sequence takes longer than 250 ns, the most that") == (
        changed[0],
        changed[2].partition(" FRESNEL")[0],
    )
