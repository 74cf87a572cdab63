"""Strategies in files: what they come to, and what is wrong with others, at its place."""

from __future__ import annotations

import json
import math

import pytest
from texts import JOBS, changed, messages, problems

from runner.domain.strategies import Confirmation, OnFailed, SearchDimension, StopRules
from runner.errors import SpecError
from runner.sequences import compiled
from runner.spec import parse
from runner.strategies.kinds import KINDS

STRATEGY = """\
  strategy:
    kind: spsa
    seed: 3
    over:
      omega: {uniform: [1, {mhz: 1}]}
      t_ns: {int: [100, 1000], step: 4}
    where: ["omega <= 6"]
    runs: 200
    ask: 4
    settings: {c: 0.05}
    objective: {maximize: 2 * p, let: {p: {probability: ["11"]}}}
    stop: {rounds: 12, target: ">= 1.9", stall: {rounds: 3, by: 0.01}}
    confirm: {best: 2, runs: 500, repeat: 3}
    on_failed: worst
    batch: {held: {think_limit_s: 30}}
"""
GOOD = changed("  jobs:\n" + JOBS, STRATEGY)


def other(old, new):
    """The good file with one thing in it changed."""
    assert GOOD.count(old) == 1, f"{old!r} stands {GOOD.count(old)} times"
    return GOOD.replace(old, new)


def strategy(text=GOOD):
    """The strategy that a text asks for, once it is compiled."""
    return compiled(parse(text, path="x.yaml")).experiment.strategy


def test_a_strategy_is_read():
    """All that a file says of it is in the value, with units converted."""
    found = strategy()
    assert found.space.dimensions == (
        SearchDimension(variable="omega", low=1, high=math.tau),
        SearchDimension(variable="t_ns", low=100, high=1000, step=4),
    )
    assert (found.kind, found.seed, found.runs, found.ask) == ("spsa", 3, 200, 4)
    assert (found.where, found.settings) == (("omega <= 6",), {"c": 0.05})
    assert found.objective == {"maximize": "2 * p", "let": {"p": {"probability": ["11"]}}}
    assert found.stop == StopRules(target=1.9, rounds=12, stall_rounds=3, stall_by=0.01)
    assert found.confirm == Confirmation(best=2, runs=500, repeat=3)
    assert (found.on_failed, found.think_limit_s, found.rerun) == (OnFailed.WORST, 30.0, 0)


def test_elements_of_vectors_are_varied():
    """A list holds what stays and what is varied."""
    text = other("omega: float", "omega: {type: float, size: 3}").replace(
        "amplitude: omega", 'amplitude: "omega[1]"'
    )
    text = text.replace("omega: {uniform: [1, {mhz: 1}]}", "omega: [0, {choice: [1, 2]}, 2 * pi]")
    text = text.replace('    where: ["omega <= 6"]\n', "").replace("kind: spsa", "kind: sobol")
    text = text.replace("    settings: {c: 0.05}\n", "")
    space = strategy(text).space
    assert space.dimensions[0] == SearchDimension(variable="omega", element=1, choices=(1.0, 2.0))
    assert space.values["omega"] == (0.0, 0.0, math.tau)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 3", "seed: 4"),
        ("[1, {mhz: 1}]", "[2, {mhz: 1}]"),
        ("step: 4", "step: 8"),
        ("omega <= 6", "omega <= 5"),
        ("runs: 200", "runs: 300"),
        ("ask: 4", "ask: 2"),
        ("c: 0.05", "c: 0.06"),
        ("2 * p", "3 * p"),
        ('["11"]', '["01"]'),
        ("on_failed: worst", "on_failed: drop"),
        ("kind: spsa", "kind: sobol\n    first: {sobol: 4}"),
    ],
)
def test_what_decides_the_points_is_a_part_of_the_recipe(old, new):
    """A change of it is another strategy, with slots of its own."""
    text = other(old, new)
    text = text.replace("    settings: {c: 0.05}\n", "") if "sobol" in new else text
    assert strategy(text).digest != strategy().digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rounds: 12", "rounds: 20"),
        (">= 1.9", ">= 1.8"),
        ("best: 2", "best: 1"),
        ("think_limit_s: 30", "think_limit_s: 60"),
        ("{uniform: [1, {mhz: 1}]}", "{uniform: [1.0, 2 * pi]}"),
    ],
)
def test_how_long_it_goes_on_is_no_part_of_the_recipe(old, new):
    """It goes on where it was, or ends."""
    assert strategy(other(old, new)).digest == strategy().digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("settings: {c: 0.05}", "settings: {c: 0.05, alpha: 0.602, A: 10}"),
        ("    ask: 4\n", "    ask: 4\n    first: {sobol: 1}\n"),
    ],
)
def test_saying_a_default_is_no_other_strategy(old, new):
    """What a kind adds by itself is a part of the recipe; the first points are not."""
    assert (strategy(other(old, new)).digest == strategy().digest) is ("alpha" in new)


def test_the_recipe_says_what_the_kind_adds():
    """A changed default, another usual number of jobs, and another engine are other strategies."""
    text = other("    ask: 4\n", "").replace("    settings: {c: 0.05}\n", "")
    said = json.loads(strategy(text).text)

    assert (said["version"], said["ask"]) == (1, 2)
    assert said["settings"] == {name: each.default for name, each in KINDS["spsa"].settings.items()}


def test_a_list_of_another_length_is_told_with_its_length():
    """What is varied has no number to show."""
    text = other("omega: float", "omega: {type: float, size: 3}").replace("omega: {u", "omega: [0, {u")
    text = text.replace("{mhz: 1}]}", "{mhz: 1}]}]").replace("amplitude: omega", 'amplitude: "omega[1]"')

    assert "omega holds 3 numbers: expected a list of 3, not of 2" in messages(text)


def test_a_strategy_that_varies_nothing_known_is_told():
    """Of a kind whose usual number of jobs depends on how many numbers are varied."""
    text = GOOD.replace("kind: spsa", "kind: cma-es").replace("omega: {u", "omegas: {u")
    text = text.replace("      t_ns: {int: [100, 1000], step: 4}\n", "").replace("    ask: 4\n", "")

    assert any("omegas" in message for message in messages(text))


def test_a_strategy_makes_another_recipe_than_jobs():
    """Points that a sweep has measured are not those of a strategy."""
    jobs = changed(JOBS, JOBS)
    assert compiled(parse(jobs, path="x.yaml")).experiment.recipe != strategy().digest
    assert json.loads(strategy().text)["kind"] == "spsa"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("kind: spsa", "kind: newton", 15, "expected sobol or spsa or nelder-mead or cma-es"),
        ("ask: 4", "ask: 3", 22, "spsa asks for an even number of jobs from 2 on, not 3"),
        ("c: 0.05", "c: 0.9", 23, "c is a number above 0 up to 0.5, not 0.9"),
        ("c: 0.05", "d: 1", 23, "spsa has no setting d"),
        ("c: 0.05", "c: .nan", 23, ".nan is not a finite number"),
        ("c: 0.05", 'c: "x"', 23, 'expected a number, or true or false, not "x"'),
        ("      omega:", "      omegaa: 1\n      omega:", 18, "the sequence has no variable omegaa"),
        ("      omega: {uniform: [1, {mhz: 1}]}\n", "", 17, "over gives no value to omega"),
        ("[1, {mhz: 1}]", "[7, {mhz: 1}]", 18, "the least value comes first, and 7 is not below 6.28319"),
        ("uniform: [1, {mhz: 1}]", "log_uniform: [0, 1]", 18, "log_uniform has a logarithm, and"),
        ("uniform: [1, {mhz: 1}]", "choice: [1, 2]", 18, "spsa cannot choose between values"),
        ("{int: [100, 1000], step: 4}", "{uniform: [1, 2]}", 19, "t_ns is an int: say {int:"),
        ("step: 4", "step: 4000", 19, "a step of 4000 does not fit between 100 and 1000"),
        ("step: 4", "uniform: [1, 2]", 19, "expected exactly one of uniform"),
        ("omega <= 6", "omga <= 6", 20, "there is no variable omga"),
        ("2 * p", "2 * q", 24, "let names no q"),
        ('["11"]', '["11", "0"]', 24, "0 has 1 characters, not 2"),
        (">= 1.9", "<= 1.9", 25, "the target of what is maximized begins with >="),
        ("rounds: 12, ", "", 25, "the key rounds is missing"),
        ("on_failed: worst", "on_failed: cry", 27, "expected drop or worst or stop, not"),
        ("think_limit_s: 30", "think_limit_s: 0", 28, "expected more than 0, not 0"),
        (">= 1.9", ">= 1.9.9", 25, '">= 1.9.9" is no valid target'),
        ('["11"]', '["11"]}, s: {python: "score.py:score"', 24, "score.py can't be opened from here"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_line(old, new, line, message):
    """Each mistake has its place, and says what would be right."""
    found = problems(other(old, new))
    assert [(each[0], each[2][: len(message)]) for each in found] == [(line, message)], found


@pytest.mark.parametrize(
    ("defined", "line", "message", "hint"),
    [
        ("def climb(history, space, ask, seed, c=1):", 0, "", ""),
        ("def climb(history, **more):", 0, "", ""),
        ("@cache\ndef climb(history):", 0, "", ""),
        ("from made import climb  #", 0, "", ""),
        ("def climb(history, space, ask, seed):", 24, "climb takes no setting c (a.py:1)", "there are no se"),
        ("\ndef climb(history, space, ask, seed, cc=1):", 24, "climb takes no setting c (a.py:2)", "did you"),
        (
            "def climb(history, space, ask, seed, c, d, *, e=1):",
            16,
            "climb needs d, which is",
            "settings: {d",
        ),
        (
            "def climb(history, space, ask, *, c, f, e=1, seed):",
            16,
            "climb needs f, which is",
            "settings: {f",
        ),
        ("def climb(history, ask, seed, c):", 16, "climb takes no argument space (a.py:1)", "it is called c"),
    ],
)
def test_a_function_that_proposes_takes_its_settings(defined, line, message, hint):
    """It is told from its text, and nothing is run."""
    text = other("kind: spsa", "kind: python\n    python: a.py:climb")
    try:
        parse(text, path="x.yaml", companion=lambda _: f"{defined} ...")
    except SpecError as error:
        (found,) = error.problems
        assert (line, message, hint) == (found.line, found.message[: len(message)], found.hint[: len(hint)])
    else:
        assert not line


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("{held: {think_limit_s: 30}}", "held", "did you mean {held: …}?"),
        ('{probability: ["11"]}', "probability", "did you mean {probability: …}?"),
        ("{uniform: [1, {mhz: 1}]}", "{log: [1, 2]}", "known keys: mhz, uniform, log_uniform, int, step, ch"),
        ("{uniform: [1, {mhz: 1}]}", "{choices: [1, 2]}", "did you mean choice?"),
        ('">= 1.9"', "1.9", "The objective that is good enough, by two standard errors: >= and a number"),
    ],
)
def test_a_form_that_is_not_there_is_answered_with_those_that_are(old, new, hint):
    """A word in place of a mapping, a key of none of several forms, a number in place of a condition."""
    (found,) = problems(other(old, new))
    assert hint == found[3][: len(hint)]


def test_jobs_and_a_strategy_exclude_each_other():
    """A file says what it measures in one way."""
    both = GOOD + "  jobs:\n" + JOBS
    expected = (14, 3, "expected jobs or strategy, not both")
    assert expected == next(each[:3] for each in problems(both))
    assert messages(changed("  jobs:\n" + JOBS, "")) == ["the key jobs is missing"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("{uniform: [1, {mhz: 1}]}", "[1, 6]", (18, 14, "say {uniform: [1, 6]} to vary it")),
        ("{int: [100, 1000], step: 4}", "[100, 1000]", (19, 13, "say {int: [100, 1000]} to vary it")),
        ("{uniform: [1, {mhz: 1}]}", "[6, 1]", (18, 14, "")),
        ("{uniform: [1, {mhz: 1}]}", "{range: [1, 6]}", (18, 15, "did you mean uniform?")),
        ("{mhz: 1}", "1 MHz", (18, 28, "say {mhz: 1}")),
        ("{mhz: 1}", "{MHz: 1}", (18, 28, "did you mean {mhz: …}?")),
        ("{mhz: 1}", "2pi", (18, 28, "say 2 * pi")),
        ('["omega <= 6"]', "omega <= 6", (20, 12, 'for example ["omega[1] <= omega[2]"]')),
        ('["11"]', '"11"', (24, 57, 'for example ["0101", "1010"]')),
        ('["11"]', '["rr"]', (24, 58, 'for example ["0101", "1010"]')),
        ("{held: {think_limit_s: 30}}", "{held: 30}", (28, 19, "known keys: think_limit_s")),
        ("{rounds: 3, by: 0.01}", "3", (25, 49, "known keys: rounds, by")),
        (
            "      omega: {uniform",
            "      omega[0]: {uniform",
            (18, 7, "say omega, and a list: each a number or a rule"),
        ),
    ],
)
def test_what_a_stranger_writes_is_answered_with_what_to_write(old, new, found):
    """An interval as a list, units behind numbers, one in place of several, numbers in place of mappings."""
    (place, *_) = problems(other(old, new))
    assert found == (place[0], place[1], place[3])


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (
            '      target: ">= 1.9"\n',
            "      target: >= 1.9\n",
            "put text that begins with this character into quotes",
        ),
        ("{uniform: [1, {mhz: 1}]}", "{uniform:[1, 2]}", "a space belongs behind the colon of a key"),
        ("\n  strategy:\n", "\n  stratgy:\n", "did you mean strategy?"),
        ("\n  strategy:\n", "\nstrategy:\n", "it belongs to spec: indent it, and what is below it"),
    ],
)
def test_slips_of_the_keyboard_are_answered_with_what_to_do(old, new, hint):
    """What YAML says of them leads nowhere. That jobs are missing is not said beside."""
    flow = next(line for line in GOOD.splitlines() if line.startswith("    stop: "))
    text = other(flow, '    stop:\n      rounds: 12\n      target: ">= 1.9"')
    assert text.count(old) == 1
    assert [hint] == [each[3] for each in problems(text.replace(old, new))]


def test_what_the_policy_says_of_batches_is_not_passed_by():
    """A strategy says itself in which batches it buys; in runner.toml it is for all that says nothing."""
    (found,) = problems(other("  strategy:\n", "  policy: {batch: open}\n  strategy:\n"))
    assert found[:3] == (14, 19, "the policy does not say in which batches a strategy buys")


def test_ends_that_cannot_be_built_are_told():
    """What the sequence does not take at an end of the space is found before anything is bought."""
    text = other('    where: ["omega <= 6"]\n', "").replace("[1, {mhz: 1}]", "[-1, {mhz: 1}]")
    with pytest.raises(SpecError) as caught:
        compiled(parse(text, path="x.yaml"))
    (problem,) = caught.value.problems
    assert ("/spec/strategy/over", "the least values of over") == (problem.pointer, problem.message[:24])


@pytest.mark.parametrize(
    ("kind", "where", "found"),
    [
        ("sobol", '["omega <= 6", "omega > 7"]', [(20, 27, "no point keeps this condition")]),
        ("sobol", '["omega < 3", "omega > 3"]', [(20, 5, "no point keeps all of these conditions")]),
        ("sobol", '["omega / 0 > 1"]', [(20, 13, "no point keeps this condition")]),
        ("sobol", '["abs(omega - 3.64159265) < 1e-5"]', [(20, 13, "no point keeps this condition")]),
        ("nelder-mead", '["abs(omega - 3.64159265) < 0.01"]', []),
        ("nelder-mead", '["omega == 3.64159265"]', [(20, 13, "no point keeps this condition")]),
        ("python\n    python: a.py:climb", '["omega == 3"]', []),
    ],
)
def test_conditions_that_no_point_keeps_are_told_at_their_line(kind, where, found):
    """Where points are drawn; a function may know those that are kept."""
    text = other("kind: spsa", f"kind: {kind}").replace('["omega <= 6"]', where)
    text = text.replace("    ask: 4\n    settings: {c: 0.05}\n", "")
    try:
        parse(text, path="x.yaml", companion=lambda _: "def climb(history, space, ask, seed): ...")
    except SpecError as error:
        problems = error.problems
    else:
        problems = ()
    assert found == [(p.line, p.column, p.message) for p in problems]
    assert all("of 10,000 points drawn, none keeps" in p.hint for p in problems)


@pytest.mark.parametrize(
    ("said", "who", "hint"),
    [
        ("[100, 1100]", "a step above the least values of over", "say t_ns: {int: [100, 1100], step: 4}"),
        (
            "[102, 1101], step: 6",
            "the least values of over and 1 more",
            "say t_ns: {int: [104, 1101], step: 12}",
        ),
        ("[101, 105], step: 2", "the middle of over and 3 more", "say t_ns: a multiple of 4"),
    ],
)
def test_steps_that_the_device_rounds_are_told_with_what_to_write(said, who, hint):
    """At the variable, also where the middle and both ends are multiples of the clock period."""
    text = other('    where: ["omega <= 6"]\n', "").replace("[100, 1000], step: 4", said)
    text = text.replace("MockDevice", "AnalogDevice")
    (warning,) = compiled(parse(text, path="x.yaml")).warnings
    assert ("/spec/strategy/over/t_ns", who) == (warning.pointer, warning.message.partition(": A ")[0])
    assert hint == warning.hint


def test_what_conditions_forbid_is_not_built():
    """What they allow is, beside the middle."""
    text = other("{uniform: [1, {mhz: 1}]}", "{uniform: [-1, 12]}")
    middle, *ends = [each.name for each in parse(text, path="x.yaml").built]
    expected = ["the least values of over", "a step above the least values of over"]
    assert ("the middle of over", expected) == (middle, ends)
