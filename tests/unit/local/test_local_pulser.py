"""Sequences as Pulser knows them, and the physics of one job."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing

import pytest
from pulser.backend import BitStrings, EmulationConfig, Occupation, Results
from pulser.json.abstract_repr.deserializer import deserialize_device
from pulser_texts import a_cnot, a_measurement, a_pi_pulse_on_the_first, a_text

from runner.local.engines.base import payload, seed
from runner.local.engines.emulation import emulate
from runner.local.engines.sequence_process import SequenceProcess
from runner.local.engines.worker_process import Worker
from runner.local.rules.device_types import DEVICE_TYPES, limited, served
from runner.local.rules.records import Started
from runner.local.validation import pulser_objects
from runner.local.validation.emulator_options import UnreadableConfigurationError
from runner.local.validation.sequence_facts import SequenceFacts, UnreadableSequenceError, Variable
from runner.local.validation.sequences import PulserSequences

VALUES = {"a": 6.0, "d": 400}


@pytest.fixture(scope="module", params=["here", "process"])
def sequences(request):
    """Pulser's knowledge of sequences, in this process and in one of its own."""
    if request.param == "here":
        yield PulserSequences()
        return
    with closing(SequenceProcess(DEVICE_TYPES)) as process:
        yield process


def asked(job_id="j", *, sequence=None, variables=VALUES, runs=100, **fields):
    """What an engine is asked to execute."""
    text = sequence or a_text()
    return payload(Started(job_id=job_id, attempt=1, runs=runs, sequence=text, variables=variables, **fields))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            a_text(3),
            SequenceFacts(
                device="AnalogDevice",
                n_qubits=3,
                max_runs=2000,
                is_measured=False,
                variables={"a": Variable(is_integer=False), "d": Variable(is_integer=True)},
            ),
        ),
        (
            a_text(2, on_mock=True, is_parametrised=False),
            SequenceFacts(device="MockDevice", n_qubits=2, is_virtual=True, is_measured=False),
        ),
    ],
)
def test_facts_are_those_of_the_sequence(sequences, text, expected):
    """Device, qubits, limits and variables are read from the abstract representation."""
    assert expected == sequences.facts(text)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": "1"}', "no"])
def test_text_that_is_no_sequence_is_refused(sequences, text):
    """Whatever Pulser makes of it, there is one kind of error, with a line that can be read."""
    with pytest.raises(UnreadableSequenceError, match=r"\S"):
        sequences.facts(text)


def test_sequence_is_built_as_often_as_it_is_asked(sequences):
    """One build does not change what the next one sees."""
    asked = [(a_text(), VALUES), (a_text(), {"a": 1.0, "d": 100}), (a_text(is_parametrised=False), {})]

    assert [400, 100, 400] == sequences.durations_ns(asked)


def test_who_asks_a_process_imports_no_pulser():
    """Which takes seconds and memory: a server has neither to spare."""
    code = (
        "import sys; from runner.local.engines.sequence_process import SequenceProcess;"
        " from runner.local.engines.worker_process import start_template;"
        " from runner.local.rules.device_types import DEVICE_TYPES;"
        " start_template(); sequences = SequenceProcess(DEVICE_TYPES); sequences.preload();"
        " print(sequences.facts(sys.stdin.read()).n_qubits, 'pulser' in sys.modules); sequences.close()"
    )

    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, input=a_text(3)
    )

    assert "3 False\n" == said.stdout


def test_a_process_that_was_killed_is_replaced():
    """Between two questions; what it said before is still known."""
    with closing(SequenceProcess(DEVICE_TYPES)) as sequences:
        first = sequences.facts(a_text())
        sequences._worker.kill()
        again = sequences.facts(a_text())
        other = sequences.facts(a_text(3))

    assert [2, 2, 3] == [each.n_qubits for each in (first, again, other)]


def test_a_configuration_is_read_in_a_process_too():
    """The same value, and the same kind of error."""
    text = EmulationConfig(observables=[Occupation()]).to_abstract_repr()
    with closing(SequenceProcess(DEVICE_TYPES)) as process:
        readers = (PulserSequences(), process)
        for reader in readers:
            with pytest.raises(UnreadableConfigurationError, match=r"\S"):
                reader.configuration("{")
        texts = [reader.configuration(text) for reader in readers]

    assert [json.loads(text)] * 2 == texts


def test_what_was_built_before_is_not_built_again(monkeypatch):
    """A sweep that is repeated with more runs is not checked again; what was refused is."""
    done = []
    plain = pulser_objects.built
    monkeypatch.setattr(pulser_objects, "built", lambda *args: done.append(args[1]) or plain(*args))
    sequences = PulserSequences()
    too_strong = {"a": 1e6, "d": 400}

    for _ in range(2):
        *built, refused = sequences.durations_ns(
            [(a_text(), VALUES), (a_text(3), VALUES), (a_text(), too_strong)]
        )
        assert ([400, 400], UnreadableSequenceError) == (built, type(refused))

    assert [VALUES, VALUES, too_strong, too_strong] == done


def test_all_builds_of_a_batch_are_one_question(monkeypatch):
    """In order, each with its own answer; only what is new, or was refused, is asked again."""
    plain, questions = Worker.answer, []
    monkeypatch.setattr(
        Worker, "answer", lambda worker, asked: questions.append(json.loads(asked)) or plain(worker, asked)
    )
    first, refused, other = ((a_text(), {"a": 6.0, "d": length}) for length in (400, 4_000_000, 500))

    with closing(SequenceProcess(DEVICE_TYPES)) as process:
        told = [process.durations_ns(asked) for asked in ([first, refused, first], [refused, other, first])]

    expected = [
        ["durations_ns", [list(each) for each in new]] for new in ([first, refused], [refused, other])
    ]
    assert expected == questions
    assert [[400, 400], [500, 400]] == [[each for each in some if isinstance(each, int)] for some in told]
    assert [UnreadableSequenceError] * 2 == [type(told[0][1]), type(told[1][0])]


def test_many_builds_are_more_than_one_question():
    """So that others who ask do not wait for all of them; the answers are those of one."""
    asked = [(a_text(on_mock=True), {"a": 6.0, "d": 100 + n}) for n in range(150)]

    with closing(SequenceProcess(DEVICE_TYPES)) as process:
        found = process.durations_ns(asked)

    assert list(range(100, 250)) == found


@pytest.mark.parametrize("values", [{"a": 1e6, "d": 400}, {"a": 6.0, "d": 4_000_000}, {"a": 6.0}])
def test_sequence_beyond_its_device_is_refused(sequences, values):
    """Too strong or too long a pulse is found when the job is submitted."""
    [found] = sequences.durations_ns([(a_text(), values)])

    assert isinstance(found, UnreadableSequenceError)
    assert str(found).strip()


def test_specifications_are_devices_that_pulser_reads(sequences):
    """A client finds the device of each device type under its own name."""
    specs = sequences.device_specs()

    assert list(specs) == [deserialize_device(text).name for text in specs.values()]
    assert [each.name for each in served()] == list(specs)


def test_specifications_say_how_many_qubits_are_taken():
    """An emulator's are those it carries, a machine's its own: a register of it is built, then refused.

    Where it is configured, either says that.
    """
    specs = PulserSequences(limited({"FRESNEL": 9})).device_specs()
    taken = {name: deserialize_device(text).max_atom_num for name, text in specs.items()}

    emulators = {name: most for name, most in taken.items() if name in {"EMU_FREE", "EMU_SV", "EMU_MPS"}}

    assert {each.name: each.most_qubits for each in served() if each.name in emulators} == emulators
    assert {"EMU_FRESNEL": 80, "FRESNEL": 9, "FRESNEL_CAN1": 80} == {
        name: most for name, most in taken.items() if name not in emulators
    }


def test_same_job_gives_the_same_counts_and_another_job_others():
    """Randomness comes from the job's id alone, whatever was drawn before."""
    first, other, again = (json.loads(emulate(asked(job_id)))["counter"] for job_id in ("j", "k", "j"))

    assert first == again
    assert first != other


def test_character_of_a_bitstring_is_a_qubit_of_the_register():
    """The first qubit is the first character, and 1 is the Rydberg state."""
    answer = json.loads(emulate(asked(sequence=a_pi_pulse_on_the_first(), variables={}, runs=50)))

    assert answer["counter"] == {"10": 50}


def test_serialised_results_are_read_by_pulser():
    """A client gets Pulser's own results, with the same counts and the order of the qubits."""
    answer = json.loads(emulate(asked(runs=70)))

    results = Results.from_abstract_repr(answer["serialised_results"])

    assert (answer["counter"], 70) == (dict(results.final_bitstrings), sum(answer["counter"].values()))
    assert tuple(results.atom_order) == ("q0", "q1")


def test_seeds_are_32_bits_of_the_id():
    """NumPy's generator takes 32 bits, and seeds do not change from one version to the next."""
    assert seed("j") == 413089795
    assert all(0 <= seed(str(n)) < 2**32 for n in range(100))


@pytest.mark.parametrize("observables", [None, (BitStrings(), Occupation())], ids=["plain", "configured"])
def test_a_gate_by_rydberg_blockade_shows_its_truth_table(observables):
    """Atoms have three states then, and the measured basis says which of them is 1."""
    config = observables and EmulationConfig(observables=observables).to_abstract_repr()
    inputs = [(0, 0), (0, 1), (1, 0), (1, 1)]
    told = [
        json.loads(emulate(asked(sequence=a_cnot(*bits), variables={}, backend_configuration=config)))
        for bits in inputs
    ]

    assert [{"00": 100}, {"01": 100}, {"11": 100}, {"10": 100}] == [each["counter"] for each in told]


@pytest.mark.parametrize(("basis", "expected"), [("ground-rydberg", "1"), ("digital", "0")])
def test_the_measured_basis_says_which_state_is_one(basis, expected):
    """An excited atom is no 1 where hyperfine states are told apart."""
    found = json.loads(emulate(asked(sequence=a_measurement(basis), variables={})))

    assert {expected: 100} == found["counter"]


def test_a_sequence_that_no_solver_takes_is_refused(sequences):
    """Less than four points are no evolution: it would fail at every attempt."""
    [found] = sequences.durations_ns([(a_text(on_mock=True), {"a": 6.0, "d": 3})])

    assert str(found) == "The sequence takes 3 ns; at least 4 ns can be emulated."


def test_who_asks_first_does_not_meet_half_of_pulser():
    """Pulser is imported beside the first requests: two imports at once found half of a module."""
    script = (
        "import threading; from runner.local.validation.sequences import PulserSequences;"
        " s = PulserSequences();"
        " found = [];"
        " ask = lambda: found.append(len(s.device_specs()) > 0);"
        " some = [threading.Thread(target=each) for each in (s.preload, ask, ask)];"
        " [each.start() for each in some]; [each.join() for each in some]; print(found)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert ("[True, True]\n", "") == (done.stdout, done.stderr)
