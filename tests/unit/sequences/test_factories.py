"""Sequences that a function in Python gives: real processes, and what is said of those that fail."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from patience import PATIENCE_S

from runner.errors import SpecError
from runner.sequences import compiled
from runner.sequences.python_functions import function_runner
from runner.sequences.python_functions.function_process import FunctionProcess
from runner.sequences.python_functions.function_runner import Factories, SequenceAnswer
from runner.sequences.python_functions.supervised_process import Ended, supervised, without_secrets
from runner.spec import Limits, load
from runner.spec.models.python_sequence import FactoryError
from runner.spec.models.sequence import PythonSequence

ESCAPE = json.dumps({"representation": "{}", "modules": {"../a.py": "0" * 64}})
RETURN = "end the function with return seq"
EXPERIMENT = """\
apiVersion: runner/v1
kind: Experiment
metadata: {name: chain}
spec:
  device_type: EMU_FREE
  sequence:
    python: factories/chain.py:adiabatic
    args: {n_qubits: 2, omegas: [6.28, 3], detail: {name: ü}}
  jobs:
    - {runs: 100, variables: {t_ns: 400}}
"""
CODE = """\
import os, sys
import pulser
from steps import SPACING_UM

with open(os.path.join(os.path.dirname(__file__), "offset.txt")) as file:
    OFFSET = float(file.read())

def adiabatic(n_qubits, omegas, detail):
    print("garbage {", file=sys.stderr)
    assert detail == {"name": "ü"}
    assert sys.stdin.read() == ""
    assert not [name for name in os.environ if name.startswith("PASQAL_")]
    seq = pulser.Sequence(pulser.Register.rectangle(1, n_qubits, spacing=SPACING_UM), pulser.AnalogDevice)
    seq.declare_channel("ising", "rydberg_global")
    t = seq.declare_variable("t_ns", dtype=int)
    for omega in omegas:
        seq.add(pulser.Pulse.ConstantPulse(t, omega, OFFSET, 0), "ising")
    seq.add(pulser.Pulse.ConstantPulse(101, 1, OFFSET, 0), "ising")
    open("left.txt", "w").write(os.getcwd())
    return seq
"""
# Functions that give no sequence.
BROKEN = """\
import sys
import pulser

LENGTH = 3

def takes_n(n, spacing_um=6.0): ...
def raises(**args):
    print("half way", flush=True)
    raise ValueError("too\\nlong")
def gives_nothing(): ...
def gives_text(): return "{}"
def leaves(): sys.exit(3)
def deep(): deep()
class Odd(Exception):
    def __str__(self): return 1 / 0
def odd(): raise Odd
async def later(): ...
"""
# What the process of a function does, for several functions, without importing Pulser for each of them.
SIDE_BY_SIDE = """\
import importlib.util, json, os, sys
import pulser
spec = importlib.util.spec_from_file_location("factory_process", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
for i, request in enumerate(json.load(sys.stdin)):
    if not os.fork():
        answer = module.answered(request)
        with open(f"answer-{i}.json", "w") as file:
            json.dump(answer, file)
        os._exit(0)
    os.wait()
"""


class Lab:
    """A repository with one experiment file and the code that gives its sequence."""

    def __init__(self, root):
        self.root, self.file = root, root / "specs" / "chain.yaml"
        self.code = root / "specs" / "factories" / "chain.py"
        self.write("specs/chain.yaml", EXPERIMENT)
        self.write("specs/factories/chain.py", CODE)
        self.write("specs/factories/steps.py", "SPACING_UM = 6.0\n")
        self.write("specs/factories/offset.txt", "-1.5")

    def write(self, name, text):
        """A file of the repository."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text, encoding="utf-8")

    def factories(self, timeout_s=60.0):
        """What runs the code."""
        return Factories(root=self.root, timeout_s=timeout_s, memory_gb=None, limits=Limits())

    def process(self, most_bytes=1000):
        """What runs a function that is called `make`."""
        return FunctionProcess(
            root=self.root,
            timeout_s=60,
            memory_gb=None,
            most_bytes=most_bytes,
            gives="a sequence",
            name="make",
        )


@pytest.fixture
def lab(tmp_path):
    """A repository with a function that gives a sequence."""
    return Lab(tmp_path)


def asked(function, **args):
    """What an experiment file says of a function."""
    return PythonSequence(python=f"factories/chain.py:{function}", args=args)


def test_a_function_gives_a_sequence_and_all_that_had_a_part_in_it_is_on_record(lab, monkeypatch):
    """Its jobs are built as those of any file; code, modules and files that were read have their digests."""
    monkeypatch.setenv("PASQAL_TOKEN", "hush")
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    file = load(lab.file, root=lab.root, make=lab.factories().made)
    result = compiled(file)
    clock = "the channel's clock period (4 ns)"
    sha256 = {
        name: hashlib.sha256((lab.code.parent / name).read_bytes()).hexdigest()
        for name in ("chain.py", "steps.py", "offset.txt")
    }

    assert {
        "path": "specs/factories/chain.py",
        "function": "adiabatic",
        "args": {"n_qubits": 2, "omegas": [6.28, 3], "detail": {"name": "ü"}},
        "sha256": sha256["chain.py"],
        "modules": [{"path": "specs/factories/steps.py", "sha256": sha256["steps.py"]}],
        "files": [{"path": "specs/factories/offset.txt", "sha256": sha256["offset.txt"]}],
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "pulser-core", "scipy")},
        },
    } == file.made.record
    assert ("factories/chain.py", "factories/steps.py", "factories/offset.txt") == file.companions
    assert [("t_ns=400", 904)] == [(job.name, job.duration_ns) for job in result.experiment.jobs]
    assert [(7, 5, f"A duration of 101 ns is not a multiple of {clock}. It was rounded up to 104 ns.")] == [
        (each.line, each.column, each.message) for each in result.warnings
    ]
    assert str(lab.root) == (lab.root / "left.txt").read_text(encoding="utf-8")
    assert [] == list(lab.root.rglob("*.pyc"))


def test_a_function_that_fails_says_where_and_what_it_printed(lab):
    """The line of the user's file, and no traceback."""
    lab.code.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(FactoryError) as caught:
        lab.factories().made(lab.file, asked("raises", a=1))

    assert (
        "raises raised ValueError: too long (specs/factories/chain.py:9)",
        'the line is: raise ValueError("too\\nlong"); it printed: half way',
    ) == (caught.value.message, caught.value.hint)


def test_code_outside_of_the_repository_is_not_run(lab, tmp_path_factory):
    """Not by a link either, and whoever asks."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "chain.py"
    elsewhere.write_text(CODE, encoding="utf-8")
    lab.code.unlink()
    lab.code.symlink_to(elsewhere)
    with pytest.raises(SpecError) as refused_file:
        load(lab.file, root=lab.root, make=lab.factories().made)
    with pytest.raises(FactoryError) as refused:
        lab.factories().made(lab.file, asked("adiabatic"))

    message = "factories/chain.py is outside of the repository"
    assert [message] == [each.message for each in refused_file.value.problems]
    assert message == refused.value.message


FAULTS = {
    "raise_": ({}, "chain.py has no function raise_", "did you mean raises?"),
    "elsewhere": (
        {},
        "chain.py has no function elsewhere",
        "known functions: takes_n, raises, gives_nothing, gives_text, leaves, deep, odd, later",
    ),
    "LENGTH": (
        {},
        "LENGTH in chain.py is an object of type int, not a function",
        "known functions: takes_n, raises, gives_nothing, gives_text, leaves, deep, odd, later",
    ),
    "takes_n": (
        {"spacing": 5},
        "args do not fit takes_n: missing a required argument: 'n'",
        "did you mean spacing_um? it is takes_n(n, spacing_um=6.0)",
    ),
    "gives_nothing": ({}, "gives_nothing gave nothing, not a pulser.Sequence", RETURN),
    "gives_text": ({}, "gives_text gave an object of type str, not a pulser.Sequence", RETURN),
    "leaves": (
        {},
        "leaves raised SystemExit: 3 (specs/factories/chain.py:12)",
        "the line is: def leaves(): sys.exit(3)",
    ),
    "deep": (
        {},
        "deep raised RecursionError: maximum recursion depth exceeded (specs/factories/chain.py:13)",
        "the line is: def deep(): deep()",
    ),
    "odd": ({}, "odd raised Odd (specs/factories/chain.py:16)", "the line is: def odd(): raise Odd"),
    "later": ({}, "later gave an object of type coroutine, not a pulser.Sequence", RETURN),
}


def test_what_keeps_a_function_from_giving_a_sequence_is_said(lab):
    """A name that is not there, arguments that do not fit, another value than a sequence, an exception."""
    lab.code.write_text(BROKEN, encoding="utf-8")
    lab.write("specs/factories/typo.py", "import pulser\nx = = 1\n")
    lab.write("specs/factories/uses_typo.py", "import typo\n")
    broken = (lab.code.parent / "uses_typo.py", "any", {})
    requests = [
        {"root": str(lab.root), "path": str(path), "function": name, "args": args}
        for path, name, args in (*((lab.code, name, args) for name, (args, *_) in FAULTS.items()), broken)
    ]
    process = Path(function_runner.__file__).with_name("child_main.py")
    subprocess.run(
        [sys.executable, "-P", "-c", SIDE_BY_SIDE, str(process)],
        input=json.dumps(requests),
        cwd=lab.root,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    answers = [
        json.loads((lab.root / f"answer-{i}.json").read_text(encoding="utf-8")) for i in range(len(requests))
    ]

    assert [
        *({"message": message, "hint": hint} for _, message, hint in FAULTS.values()),
        {
            "message": "specs/factories/typo.py:2 is not Python: invalid syntax",
            "hint": "the line is: x = = 1",
        },
    ] == answers


@pytest.mark.parametrize(
    ("ended", "message", "hint"),
    [
        (
            Ended(None, "half\nway"),
            "make took longer than 60 s",
            "it may take longer with python_timeout_s in runner.toml; it printed: half way",
        ),
        (Ended(-11, ""), "make was killed by SIGSEGV", ""),
        (Ended(-99, ""), "make was killed by signal 99", ""),
        (
            Ended(0, "bye"),
            "make ended Python before it gave a sequence (exit code 0)",
            "it printed: bye",
        ),
    ],
    ids=["timeout", "signal", "odd signal", "silence"],
)
def test_a_process_that_ends_without_an_answer_is_told_of(lab, ended, message, hint):
    """Its time was up, or it was killed, or the function ended it."""
    with pytest.raises(FactoryError) as caught:
        lab.process().text(lab.root / "answer.json", ended)

    assert (message, hint) == (caught.value.message, caught.value.hint)


def test_an_answer_that_is_too_long_is_not_read(lab):
    """As a file behind `file:` that is too long."""
    lab.write("answer.json", "x" * 100)
    with pytest.raises(FactoryError) as caught:
        lab.process(most_bytes=12).text(lab.root / "answer.json", Ended(0, ""))

    assert "what make gave has more than 12 bytes" == caught.value.message


def test_nothing_is_left_of_a_process_that_ends(tmp_path):
    """What it has started dies with it."""
    script = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', "
        "'import time; time.sleep(600)'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)"
    )
    ended = supervised([sys.executable, "-c", script], folder=tmp_path, environ={}, timeout_s=60)

    assert 0 == ended.code
    assert is_gone(int(ended.output))


def is_gone(pid):
    """Whether a process has ended, at most ten seconds after it was killed."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def test_a_process_whose_time_is_up_is_killed(tmp_path):
    """It has no exit code then."""
    script = "import time; time.sleep(600)"

    assert Ended(None, "") == supervised(
        [sys.executable, "-c", script], folder=tmp_path, environ={}, timeout_s=0.1
    )


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "[1]",
        '{"representation": 7}',
        '{"representation": "{}", "modules": {"a": "b"}}',
        ESCAPE,
        "\udcff",
    ],
)
def test_an_answer_that_is_none_is_not_believed(answer):
    """The user's code can write anything; what is not of the right shape is no sequence."""
    with pytest.raises(FactoryError):
        function_runner._read(answer, Ended(0, ""))


def test_an_answer_has_the_fields_that_are_read():
    """An answer of the process is taken as it is."""
    answer = {"representation": "{}", "modules": {"a.py": "0" * 64}, "versions": {"python": "3"}}

    assert SequenceAnswer(**answer) == SequenceAnswer.model_validate_json(json.dumps(answer))


def test_credentials_stay_here():
    """Ours, and what looks like those of others; the rest is handed on."""
    environ = {"PASQAL_PROJECT_ID": "p", "PASQAL_TOKEN": "t", "GITHUB_token": "g", "AWS_SECRET_KEY": "s"}

    assert {"HOME": "/h", "PYTHONHASHSEED": "0"} == without_secrets({**environ, "HOME": "/h"})


def test_of_endless_output_the_end_is_kept(tmp_path):
    """Whoever prints is never made to wait, and fills neither memory nor disk."""
    script = "import sys; sys.stdout.write('x' * 3_000_000 + 'the end'); sys.exit(7)"
    ended = supervised([sys.executable, "-c", script], folder=tmp_path, environ={}, timeout_s=60)

    assert Ended(7, "x" * 3993 + "the end") == ended


def test_a_killed_process_says_by_what(tmp_path):
    """As a negative number."""
    script = f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})"
    ended = supervised([sys.executable, "-c", script], folder=tmp_path, environ={}, timeout_s=60)

    assert Ended(-int(signal.SIGKILL), "") == ended
