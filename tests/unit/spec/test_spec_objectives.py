"""Objectives of strategies: what may stand in a file, and what is said of the rest, at its place."""

from __future__ import annotations

import pytest
from builders import a_result
from pydantic import ValidationError

from runner.results.analysis.objectives.scores import score
from runner.spec.models.objective import Objective
from runner.spec.validate.objective_checks import checked_objective
from runner.spec.values.referenced_files import CompanionError, Companions
from runner.spec.yaml_text.document import Findings
from runner.spec.yaml_text.loader import document

TEXT = """\
objective:
  maximize: neel / 9 - cost
  let:
    neel: {structure_factor: {signs: checkerboard}}
    cost: {qubo: {file: q.csv}}
    rows: {qubo: {rows: [[-1, 2], [0, -1]]}}
    p: {probability: ["01", "10"]}
    worst: {cvar: {of: cost, fraction: 1 / 5}}
    m: magnetization
    n0: {occupation: q0}
    c: {correlation: {distance: 1, connected: true}}
    pair: {correlation: {qubits: [q0, q1], connected: false}}
    k: {structure_factor: {k_rad_per_um: [pi / 6, 0]}}
    e: {observable: energy}
    z: {python: score.py:score}
"""
FILES = {"q.csv": "-1,2\n0,-1\n", "score.py": "def score(counts): return 0.5\n", "q.json": "[[1, 2], [3]]"}
FILES |= {"ragged.csv": "1,2\n\n3\n", "words.csv": "1;2\n3;4\n", "empty.csv": ""}
EVALUATED = ("energy", "fidelity_target")


def read(name):
    """A file beside the experiment."""
    if name not in FILES:
        raise CompanionError(f"{name} can't be opened")
    return FILES[name]


def checked(text):
    """The objective as plain data, what is wrong with it, and the files that were read."""
    source = document(text, path="x.yaml")
    findings, companions = Findings(source), Companions(read)
    objective = Objective.model_validate(source.data["objective"])
    plain = checked_objective(findings, objective, "/objective", companions, EVALUATED)
    return plain, findings.problems, companions.texts


def test_an_objective_is_plain_data_with_what_stands_in_its_files():
    """Matrices have their rows, functions the digest of their code; both files are read as companions."""
    plain, problems, texts = checked(TEXT)

    assert () == problems
    assert ["q.csv", "score.py"] == list(texts)
    assert "neel / 9 - cost" == plain["maximize"]
    assert {"qubo": {"rows": [[-1.0, 2.0], [0.0, -1.0]]}} == plain["let"]["cost"] == plain["let"]["rows"]
    assert {"cvar": {"of": "cost", "fraction": 0.2, "tail": "lowest"}} == plain["let"]["worst"]
    assert "score.py:score" == plain["let"]["z"]["python"]["function"]
    assert 64 == len(plain["let"]["z"]["python"]["digest"])


def test_other_code_and_another_matrix_are_another_objective(monkeypatch):
    """What stands in a file counts, and not what the file is called."""
    before = checked(TEXT)[0]
    monkeypatch.setitem(FILES, "other.csv", FILES["q.csv"])
    renamed = checked(TEXT.replace("q.csv", "other.csv"))[0]
    monkeypatch.setitem(FILES, "score.py", "def score(counts): return 0.6\n")
    changed = checked(TEXT)[0]

    assert before == renamed
    assert before["let"]["z"] != changed["let"]["z"]
    assert before["let"]["cost"] == changed["let"]["cost"]


def test_plain_data_are_scored():
    """As they come out of the checks."""
    plain = checked(TEXT.replace("neel / 9 - cost", "n0 - rows - z / 2"))[0]
    job = a_result({"10": 30, "11": 10})

    answers = {("score.py:score", job.key): [0.5] * 300}
    assert 1 - -0.75 - 0.25 == score(plain, job, answers=answers).value


@pytest.mark.parametrize(
    ("code", "said", "hint"),
    [
        ("def scor(counts): return 1\n", "score.py has no function score", "did you mean scor?"),
        ("x = 1\n", "score.py has no function score", "there are no functions in it"),
        ("\ndef score(:\n", "score.py:2 is not Python: invalid syntax", ""),
        ("class A:\n    def score(self): ...\n", "score.py has no function score", "no functions in it"),
    ],
)
def test_a_function_that_is_not_there_is_told_without_running_anything(monkeypatch, code, said, hint):
    """At the line of the experiment that names it."""
    monkeypatch.setitem(FILES, "score.py", code)
    (problem,) = checked(TEXT)[1]
    assert (15, 17, said) == (problem.line, problem.column, problem.message)
    assert hint in problem.hint


@pytest.mark.parametrize(
    "code",
    [
        "from lab import score\n",
        "from lab import *\n",
        "import functools\nscore = functools.partial(max)\n",
        "try:\n    import numpy\n    def score(counts): ...\nexcept ImportError:\n    score = None\n",
        "invalid = '\\d'\nclass score: ...\n",
    ],
)
def test_a_function_may_come_from_anywhere(monkeypatch, code):
    """Whatever gives the name a value."""
    monkeypatch.setitem(FILES, "score.py", code)
    assert () == checked(TEXT)[1]


@pytest.mark.parametrize(
    ("old", "new", "place", "said", "hint"),
    [
        ("neel / 9", "nell / 9", (2, 13), "let names no nell", "did you mean neel?"),
        ("neel / 9", "occupation / 9", (2, 13), "let names no occupation", "let: {occupation: occupation}"),
        ("neel / 9", "neel[0] / 9", (2, 13), "neel is one number, and takes no index", ""),
        ("neel / 9 - cost", "1 + 1", (2, 13), "1 + 1 is the same of all jobs", "names are: neel, cost"),
        ("neel / 9 - cost", '"neel * [1, 2]"', (2, 13), "neel * [1, 2] is several numbers", "expected one"),
        ("    m: magn", "    exp: magn", (9, 5), "exp can't be a name: formulas have it already", ""),
        ("q.csv", "r.csv", (5, 25), "r.csv can't be opened", ""),
        (
            "q.csv",
            "q.json",
            (5, 25),
            "q.json is no square matrix: row 2 has 1 number, and rows are 2",
            "say its rows",
        ),
        (
            "[0, -1]]",
            "[0, -1], [1, 1]]",
            (6, 25),
            "Q is no square matrix: row 1 has 2 numbers, and rows are 3",
            "say its rows",
        ),
        (
            "q.csv",
            "ragged.csv",
            (5, 25),
            "ragged.csv:3: a row of 1 number, expected 2",
            "a line for each row",
        ),
        ("q.csv", "words.csv", (5, 25), "words.csv:1: '1;2' is no number", "with commas"),
        ("q.csv", "empty.csv", (5, 25), "empty.csv has no rows", "say its rows"),
        ('"10"', '"101"', (7, 29), "101 has 3 characters, not 2", "one for each qubit"),
        ("of: cost", "of: costs", (8, 24), "let names no costs", "did you mean cost?"),
        ("of: cost", "of: c", (8, 24), "c has no value of each run", "a mean over runs"),
        ("of: cost", "of: worst", (8, 24), "worst has no value of each run", "a mean over runs"),
        ("energy", "fidelity", (14, 21), "the emulator evaluates no fidelity", "fidelity_target"),
        ("score.py:score", "lost.py:score", (15, 17), "lost.py can't be opened", ""),
    ],
)
def test_what_leads_nowhere_is_told_at_its_place(old, new, place, said, hint):
    """With what there is."""
    assert old in TEXT
    _, problems, _ = checked(TEXT.replace(old, new))

    assert [(place, said)] == [((each.line, each.column), each.message) for each in problems]
    assert hint in problems[0].hint


@pytest.mark.parametrize(
    "said",
    [
        {"let": {"a": "occupation"}},
        {"maximize": "a", "minimize": "a", "let": {"a": "occupation"}},
        {"maximize": "a", "let": {}},
        {"maximize": "a +", "let": {"a": "occupation"}},
        {"maximize": "a", "let": {"a": "entropy"}},
        {"maximize": "a", "let": {"a": {}}},
        {"maximize": "a", "let": {"a": {"qubo": {}}}},
        {"maximize": "a", "let": {"a": {"qubo": {"file": "q.csv", "rows": [[1]]}}}},
        {"maximize": "a", "let": {"a": {"correlation": {"distance": 0}}}},
        {"maximize": "a", "let": {"a": {"correlation": {"connected": True}}}},
        {"maximize": "a", "let": {"a": {"probability": ["012"]}}},
        {"maximize": "a", "let": {"a": {"cvar": {"of": "b", "fraction": 0}}}},
        {"maximize": "a", "let": {"a": {"python": "score"}}},
        {"maximize": "a", "let": {"a b": "occupation"}},
    ],
)
def test_the_model_refuses(said):
    """What is no objective."""
    with pytest.raises(ValidationError):
        Objective.model_validate(said)
