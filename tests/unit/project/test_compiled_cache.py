"""What files were compiled to: equal to compiling them again, and never out of date."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import EXPERIMENT
from hypothesis import given
from hypothesis import strategies as st
from patience import PATIENCE_S

import runner
from runner.domain import (
    BatchMode,
    DesiredExperiment,
    DesiredJob,
    JobStatus,
    OnUnknown,
    Policy,
    Retry,
    RunsMode,
    Shortfall,
    Submission,
    Surplus,
)
from runner.errors import Problem, SpecError
from runner.project import Project
from runner.project.cache import compiled_cache
from runner.project.cache.compiled_cache import (
    MOST_BYTES,
    MOST_FILES,
    OLDEST_S,
    CachedFile,
    CompiledCache,
    compiler_digest,
    kept_folder,
    superfluous,
)
from runner.project.cache.durations import read_checksummed, write_checksummed
from runner.project.cache.json_codec import decoded_mapping, encoded
from runner.project.cache.source_file import Source
from runner.project.config.repository import Revision
from runner.project.config.settings import Settings
from runner.project.config.tables import Limits
from runner.project.experiments.file_checks import on_target
from runner.project.experiments.loader import load_experiments
from runner.project.experiments.manifest import manifest
from runner.sequences import Compiled

ROOT = Path(__file__).parents[3]
SWEEP = "sweep: {t_ns: [100, 200, 300]}"
VARIANTS = {
    "floats": EXPERIMENT.replace(SWEEP, "sweep: {t_ns: [100, 200]}").replace("6.28", "6"),
    "policy": EXPERIMENT.replace(SWEEP, "sweep: {t_ns: {range: [100, 300, 50]}}").replace(
        "  jobs:",
        "  rerun: 3\n  tags: [mine, 'two words']\n  policy: {runs: exact, batch: open, prune: cancel,"
        " retry: {limit: 1, on: [ERROR, CANCELED], backoff_s: 7}, budget: {runs: 900},"
        " deadline: 2030-01-01T00:00:00+01:00, depends_on: []}\n  jobs:",
    ),
    "names": EXPERIMENT.replace(SWEEP, "name: µ-{t_ns}\n      sweep: {t_ns: [104, 208]}"),
    "lists": """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: lists}
spec:
  device_type: EMU_FREE
  sequence:
    device: AnalogDevice
    register: {chain: {n_qubits: 2, spacing_um: 6.0}}
    channels: {ising: rydberg_global}
    variables: {omegas: {type: float, size: 2}, t_ns: int}
    operations:
      - pulse:
          channel: ising
          amplitude: {ramp: {duration_ns: t_ns, from: "omegas[0]", to: "omegas[1]"}}
          detuning: 0.0
  jobs:
    - runs: 10
      variables: {omegas: [1, 2.5], t_ns: 103}
    - runs: 20
      variables: {omegas: [0.1, 3.0], t_ns: 200}
""",
}


class Lab:
    """A repository with one experiment; counts how often it was compiled by what is kept."""

    def __init__(self, folder, text=EXPERIMENT):
        self.root = folder
        (folder / "runner.toml").write_text('namespace = "lab"\n', encoding="utf-8")
        self.file = folder / "exp.yaml"
        self.file.write_text(text, encoding="utf-8")

    def cache(self, **fields):
        """A fresh process's cache."""
        return CompiledCache(kept_folder(self.root), root=self.root, **fields)

    def load(self, **fields):
        """The experiment, as a fresh process loads it."""
        return load_experiments([self.file], root=self.root, settings=Settings(), cache=self.cache(**fields))[
            0
        ]

    def kept(self):
        """The cache's files."""
        return sorted((self.root / ".runner" / "compiled").glob("*"))


@pytest.fixture
def lab(tmp_path):
    """A repository with one experiment that is compiled and kept."""
    lab = Lab(tmp_path)
    lab.load()
    return lab


def told_again(value):
    """A value after it was written as JSON and read again."""
    return json.loads(json.dumps(encoded(value), allow_nan=False), object_hook=decoded_mapping)


@pytest.mark.parametrize("text", VARIANTS.values(), ids=VARIANTS)
def test_what_is_kept_is_what_compiling_again_gives(tmp_path, text):
    """To the type: 6 is not 6.0, a tuple is no list."""
    lab = Lab(tmp_path, text)
    fresh = lab.load()
    source, compiled = lab.cache().find(lab.file)

    assert repr((fresh.file, fresh.desired, fresh.warnings)) == repr(
        (source, compiled.experiment, compiled.warnings)
    )
    assert fresh == lab.load()


def test_every_file_of_specs_is_kept_as_it_is(tmp_path):
    """A sequence in a file of its own included."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    (tmp_path / "runner.toml").touch()
    files = sorted((tmp_path / "specs").glob("*.yaml"))
    nothing_kept = CompiledCache(None, root=tmp_path)
    read = load_experiments(files, root=tmp_path, settings=Settings(), cache=nothing_kept)
    fresh = [on_target(each, "local", tmp_path, Settings()) for each in read]
    project = Project.open(tmp_path)
    project.load(files)
    cache = CompiledCache(kept_folder(tmp_path), root=tmp_path)

    assert len(files) == sum(cache.find(file) is not None for file in files) >= 2
    assert repr(fresh) == repr(project.load(files))


_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_texts = st.text(max_size=8)
_variables = st.dictionaries(_texts | st.just("!"), _numbers | st.lists(_numbers, max_size=3), max_size=3)
_jobs = st.builds(
    DesiredJob,
    key=_texts,
    name=_texts,
    runs=st.integers(),
    variables=_variables,
    duration_ns=st.none() | st.integers(),
)
_policies = st.builds(
    Policy,
    runs=st.sampled_from(RunsMode),
    batch=st.sampled_from(BatchMode),
    retry=st.builds(
        Retry,
        limit=st.integers(),
        on=st.lists(st.sampled_from(JobStatus)).map(tuple),
        backoff_s=_numbers,
    ),
    prune=st.sampled_from(Surplus),
    submission=st.sampled_from(Submission),
    on_unknown_submission=st.none() | st.sampled_from(OnUnknown),
    shortfall=st.sampled_from(Shortfall),
)
_experiments = st.builds(
    DesiredExperiment,
    name=_texts,
    device_type=_texts,
    sequence=_texts,
    recipe=_texts,
    jobs=st.lists(_jobs, max_size=3).map(tuple),
    policy=_policies,
    qubit_ids=st.lists(_texts, max_size=2).map(tuple),
)


@given(_experiments, st.lists(st.builds(Problem, _texts, st.integers(), st.integers(), _texts, _texts)))
def test_any_value_is_told_again(experiment, warnings):
    """Whatever a file may hold, the sign of our own kinds included."""
    source = Source(path="p", digest="d", content={"!": [1, 1.0, {"!": "tuple"}]})
    value = (source, Compiled(experiment=experiment, warnings=tuple(warnings)))

    assert repr(value) == repr(told_again(value))


@pytest.mark.parametrize("value", [{1: 2}, {1, 2}, b"", Path(), CompiledCache], ids=repr)
def test_what_could_not_be_told_again_is_refused(value):
    """Rather than to be told as something else."""
    with pytest.raises(TypeError, match="cannot be told again"):
        encoded((1, [value]))


def test_files_that_did_not_change_import_neither_pulser_nor_the_reader(lab):
    """They are the slow part."""
    script = (
        "import sys; from pathlib import Path; from runner.project import Project;"
        "print(len(Project.open().load([Path(sys.argv[1])])[0].desired.jobs));"
        "print(sorted({'pulser', 'requests', 'yaml', 'runner.spec'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", script, str(lab.file)]
    said = [
        subprocess.run(
            words, cwd=lab.root, capture_output=True, text=True, check=True, timeout=PATIENCE_S
        ).stdout
        for _ in range(2)
    ]

    assert "3\n[]\n" == said[1]


def test_a_changed_file_is_compiled_again(lab):
    """By its content, not by its time."""
    times = lab.file.stat()
    lab.file.write_text(EXPERIMENT.replace("300", "304"), encoding="utf-8")
    os.utime(lab.file, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert [100, 200, 304] == [job.variables["t_ns"] for job in lab.load().desired.jobs]


def test_one_more_job_is_one_job_to_build(lab):
    """Of the others it is known how long they take, until Pulser or the runner is another one."""
    (kept,) = (lab.root / ".runner" / "durations").glob("*")
    kinds, known = json.loads(read_checksummed(kept))
    write_checksummed(kept, json.dumps([kinds, dict.fromkeys(known, (96, 0))]))
    lab.file.write_text(EXPERIMENT.replace("300]", "300, 400]"), encoding="utf-8")

    assert [96, 96, 96, 400] == [job.duration_ns for job in lab.load().desired.jobs]
    assert [[""], [[96, 0]] * 3 + [[400, 0]]] == [kinds, list(json.loads(read_checksummed(kept))[1].values())]
    assert [100, 200, 300, 400] == [job.duration_ns for job in lab.load(compiler="another").desired.jobs]


def test_what_is_known_of_jobs_is_whole_or_nothing(lab):
    """A file that was cut off, or is not ours, is as good as none."""
    (kept,) = (lab.root / ".runner" / "durations").glob("*")
    kept.write_text(kept.read_text(encoding="utf-8").replace("200", "201"), encoding="utf-8")
    lab.file.write_text(EXPERIMENT.replace("300]", "300, 400]"), encoding="utf-8")

    assert [100, 200, 300, 400] == [job.duration_ns for job in lab.load().desired.jobs]


def test_a_changed_companion_is_noticed(tmp_path):
    """The sequence stands in a file of its own, and only that one changes."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    lab = Lab(tmp_path)
    lab.file = tmp_path / "specs" / "rabi.yaml"
    before = lab.load()
    companion = tmp_path / "specs" / "sequences" / "rabi.json"
    sequence = json.loads(companion.read_text(encoding="utf-8"))
    sequence["register"][0]["x"] = 1.0
    companion.write_text(json.dumps(sequence), encoding="utf-8")
    missed = lab.cache().find(lab.file)
    after = lab.load()

    assert missed is None
    assert before.desired.recipe != after.desired.recipe
    assert after == lab.load()


def test_a_changed_table_is_noticed(tmp_path):
    """The values of a sweep stand in a file of their own, and only that one changes."""
    table = tmp_path / "points.csv"
    table.write_text("t_ns\n100\n200\n", encoding="utf-8")
    lab = Lab(tmp_path, EXPERIMENT.replace(SWEEP, "sweep: {t_ns: {csv: {file: points.csv, column: t_ns}}}"))
    before = [job.variables["t_ns"] for job in lab.load().desired.jobs]
    kept = lab.cache().find(lab.file)
    table.write_text("t_ns\n100\n300\n", encoding="utf-8")

    assert [100, 200] == before
    assert kept is not None
    assert lab.cache().find(lab.file) is None
    assert [100, 300] == [job.variables["t_ns"] for job in lab.load().desired.jobs]


def test_a_companion_that_is_gone_is_a_problem_again(tmp_path):
    """What is kept does not hide it."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    lab = Lab(tmp_path)
    lab.file = tmp_path / "specs" / "rabi.yaml"
    lab.load()
    (tmp_path / "specs" / "sequences" / "rabi.json").unlink()

    with pytest.raises(SpecError, match="there is no such file"):
        lab.load()


def test_what_fails_is_never_kept(tmp_path):
    """Its problems are found again, each time."""
    lab = Lab(tmp_path, EXPERIMENT.replace("runs: 50", "runs: 0"))
    for _ in range(2):
        with pytest.raises(SpecError):
            lab.load()

    assert [] == lab.kept()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"runs":50', '"runs":51', 1),
        lambda text: '{"by": "somebody else"}',
        lambda text: "\ud800",
    ],
    ids=["empty", "cut", "another number", "foreign", "no text"],
)
def test_a_broken_entry_is_ignored_and_written_again(lab, damage):
    """Nothing is believed that is not whole."""
    entry = lab.kept()[0]
    whole = entry.read_text(encoding="utf-8")
    entry.write_bytes(damage(whole).encode("utf-8", "surrogatepass"))
    missed = lab.cache().find(lab.file)
    lab.load()

    assert (None, whole) == (missed, entry.read_text(encoding="utf-8"))


def test_an_entry_belongs_to_its_file_alone(lab):
    """Put in the place of another one, it is foreign."""
    other = Lab(lab.root, EXPERIMENT.replace("300", "304"))
    other.load()
    first, second = lab.kept()
    first.write_bytes(second.read_bytes())
    lab.file.write_text(EXPERIMENT, encoding="utf-8")

    assert [100, 200, 300] == [job.variables["t_ns"] for job in lab.load().desired.jobs]


def test_the_same_text_elsewhere_is_compiled_for_itself(lab):
    """What it names may be another file there."""
    twin = lab.root / "twin.yaml"
    shutil.copy(lab.file, twin)

    assert lab.cache().find(twin) is None


def test_a_file_is_found_again_however_it_is_named(tmp_path, monkeypatch):
    """And is called as the user calls it now, in its warnings too."""
    lab = Lab(tmp_path, EXPERIMENT.replace(SWEEP, "sweep: {t_ns: [101]}"))
    first = lab.load()
    monkeypatch.chdir(tmp_path)
    source, compiled = lab.cache().find(Path("exp.yaml"))

    assert [str(lab.file)] == [warning.path for warning in first.warnings]
    assert ("exp.yaml", ["exp.yaml"]) == (source.path, [warning.path for warning in compiled.warnings])
    assert repr(
        load_experiments(
            [Path("exp.yaml")], root=tmp_path, settings=Settings(), cache=CompiledCache(None, root=tmp_path)
        )[0]
    ) == repr(load_experiments([Path("exp.yaml")], root=tmp_path, settings=Settings(), cache=lab.cache())[0])


def test_another_compiler_finds_nothing_of_the_old_one(lab):
    """A working tree changes without a version."""
    assert lab.cache(compiler="another").find(lab.file) is None
    assert lab.cache().find(lab.file) is not None


@pytest.mark.parametrize(
    "name", ["domain/digests.py", "spec/values/sweep_values.py", "sequences/construction/steps.py"]
)
def test_the_compiler_is_another_when_its_source_is(tmp_path, name):
    """One letter is enough; the rest of the runner does not count."""
    package = tmp_path / "runner"
    shutil.copytree(Path(runner.__file__).parent, package)
    same = tmp_path / "same"
    shutil.copytree(package, same)
    (same / "cli" / "main.py").write_text("", encoding="utf-8")
    before = compiler_digest(package)
    compiler_digest.cache_clear()
    with (package / name).open("a", encoding="utf-8") as file:
        file.write("\n")

    assert before == compiler_digest(same) != compiler_digest(package)


def test_a_file_that_changes_while_it_is_compiled_is_not_kept(lab):
    """What was compiled is no longer what stands there."""
    found = lab.cache().find(lab.file)
    for entry in lab.kept():
        entry.unlink()
    lab.file.write_text(EXPERIMENT.replace("300", "304"), encoding="utf-8")
    lab.cache().keep(lab.file, *found)

    assert [] == lab.kept()


def test_without_a_repository_nothing_is_kept(tmp_path):
    """A lone file is read, and nothing is left beside it."""
    lab = Lab(tmp_path)
    (tmp_path / "runner.toml").unlink()
    lab.load()

    assert ["exp.yaml"] == [path.name for path in tmp_path.iterdir()]


def test_a_folder_that_cannot_be_written_to_is_no_error(lab):
    """A file stands where the folder should be."""
    shutil.rmtree(lab.root / ".runner" / "compiled")
    (lab.root / ".runner" / "compiled").touch()

    assert 3 == len(lab.load().desired.jobs)


def test_a_problem_with_a_kept_file_is_placed_within_the_limits_of_the_repository(lab):
    """A file that was read under larger ones than usual can be read again, and no other."""
    settings = Settings.model_construct(limits=Limits.model_construct(characters=10))
    with pytest.raises(SpecError, match="more than 40 bytes"):
        lab.load().problem("/metadata/name", "is taken", settings=settings)


def test_a_problem_with_a_kept_file_has_its_place(lab):
    """The file is read again to find it."""
    problem = lab.load().problem("/metadata/name", "is taken", "take another one", settings=Settings())

    assert (3, 18, "metadata: {name: pair}") == (problem.line, problem.column, problem.excerpt)


def test_what_is_too_old_or_too_much_is_removed():
    """The oldest first; what was of use lately stays."""
    half = MOST_BYTES // 2
    entries = [
        CachedFile(Path("a"), half, 90.0),
        CachedFile(Path("b"), half, 80.0),
        CachedFile(Path("c"), 1, 70.0),
    ]
    many = [CachedFile(Path(str(number)), 1, float(number)) for number in range(MOST_FILES + 2)]

    assert [Path("c")] == superfluous(entries, 100.0)
    assert [Path("1"), Path("0")] == superfluous(many, float(MOST_FILES + 2))
    assert [Path("b"), Path("c")] == superfluous(entries, 85.0 + OLDEST_S)
    assert [] == superfluous(entries[:2], 100.0)


def test_tidying_removes_files_that_nobody_has_needed_for_long(lab):
    """Also what a process that died left behind; not what has just been written."""
    folder = lab.root / ".runner" / "compiled"
    (folder / ".abandoned").touch()
    old = lab.kept()
    later = max(path.stat().st_mtime for path in folder.iterdir()) + OLDEST_S + 1
    lab.file.write_text(EXPERIMENT.replace("300", "304"), encoding="utf-8")
    cache = lab.cache(clock=lambda: later)
    load_experiments([lab.file], root=lab.root, settings=Settings(), cache=cache)
    all_gone = lab.kept()
    lab.load()

    assert [] == all_gone
    assert len(lab.kept()) == 1
    assert old[0] not in lab.kept()
    assert not (folder / ".abandoned").exists()


def test_being_of_use_keeps_an_entry(lab):
    """Its time is that of its last use, to the day."""
    entry = lab.kept()[0]
    os.utime(entry, (0, 0))
    lab.load()

    assert entry.stat().st_mtime > 0


def test_other_defaults_of_the_repository_find_nothing_of_the_old_ones(tmp_path):
    """They are part of what a file means."""
    lab = Lab(tmp_path)
    lab.load()

    assert lab.cache().find(lab.file) is not None
    assert lab.cache(defaults={"prune": "cancel"}).find(lab.file) is None


CODE = """\
import pulser
from omega import OMEGA

def pair(spacing_um):
    seq = pulser.Sequence(pulser.Register.rectangle(1, 2, spacing=spacing_um), pulser.AnalogDevice)
    seq.declare_channel("ising", "rydberg_global")
    seq.add(pulser.Pulse.ConstantPulse(100, OMEGA, 0, 0), "ising")
    return seq
"""
FROM_CODE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: pair}
spec:
  device_type: EMU_FREE
  sequence: {python: "code/pair.py:pair", args: {spacing_um: 6.0}}
  jobs:
    - {runs: 10, variables: {}}
"""


def test_code_is_run_only_where_it_is_allowed_and_again_once_it_changes(tmp_path, monkeypatch):
    """What it gave before may be used without it; not once a module, an argument or a version is another."""
    lab = Lab(tmp_path, FROM_CODE)
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "pair.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "code" / "omega.py").write_text("OMEGA = 6.0\n", encoding="utf-8")

    def may_load(allow_python=False):
        settings = Settings(allow_python=allow_python)
        try:
            return load_experiments([lab.file], root=tmp_path, settings=settings, cache=lab.cache())[0]
        except SpecError as error:
            return [each.message for each in error.problems]

    refusal = ["code/pair.py is Python code, and running it is not allowed"]
    before = may_load()
    first = may_load(allow_python=True)
    kept = may_load()
    monkeypatch.setattr(compiled_cache, "_version", lambda _: "0")
    otherwise = may_load()
    monkeypatch.undo()
    (tmp_path / "code" / "omega.py").write_text("OMEGA = 5.0\n", encoding="utf-8")
    changed = may_load()
    lab.file.write_text(FROM_CODE.replace("6.0", "7.0"), encoding="utf-8")
    (tmp_path / "code" / "omega.py").write_text("OMEGA = 6.0\n", encoding="utf-8")
    other_args = may_load()

    assert [refusal] * 4 == [before, otherwise, changed, other_args]
    assert first == kept
    assert ("code/pair.py", "code/omega.py") == first.file.companions
    assert (
        "code/pair.py"
        == manifest(first, revision=Revision(None, None), root=tmp_path, target={"target": "local"})[
            "factory"
        ]["path"]
    )
