"""Jobs: what a file expands to, and what it can't ask for."""

from __future__ import annotations

import pytest
from texts import messages, problems, with_jobs

from runner.spec import JobRequest, parse


def jobs(*entries):
    """(name, runs, variables) of the jobs that some entries ask for."""
    file = parse(with_jobs(*entries), path="x.yaml")
    return [(job.name, job.runs, job.variables) for job in file.jobs]


def test_a_mapping_sweeps_every_combination_in_file_order():
    """The first variable is outermost, and names say what varies."""
    assert jobs("{runs: 10, sweep: {omega: [1.5, 2.5], t_ns: {range: [100, 200, 100]}}}") == [
        ("omega=1.5,t_ns=100", 10, {"omega": 1.5, "t_ns": 100}),
        ("omega=1.5,t_ns=200", 10, {"omega": 1.5, "t_ns": 200}),
        ("omega=2.5,t_ns=100", 10, {"omega": 2.5, "t_ns": 100}),
        ("omega=2.5,t_ns=200", 10, {"omega": 2.5, "t_ns": 200}),
    ]


def test_variables_of_one_axis_move_together():
    """In a list, the variables of one mapping go element by element; a scalar stays."""
    assert jobs("{runs: 10, sweep: [{omega: [1, 2], t_ns: [100, 200]}]}") == [
        ("omega=1,t_ns=100", 10, {"omega": 1.0, "t_ns": 100}),
        ("omega=2,t_ns=200", 10, {"omega": 2.0, "t_ns": 200}),
    ]
    assert jobs("{runs: 10, sweep: [{omega: 3, t_ns: [100, 200]}]}") == [
        ("t_ns=100", 10, {"omega": 3.0, "t_ns": 100}),
        ("t_ns=200", 10, {"omega": 3.0, "t_ns": 200}),
    ]


def test_values_are_held_as_their_variables_are():
    """A float variable holds floats; an int variable takes 4.0 as 4; variables come in declared order."""
    file = parse(with_jobs("{runs: 1, variables: {t_ns: 4.0, omega: 6}}"), path="x.yaml")

    assert file.jobs == (
        JobRequest(
            name="omega=6,t_ns=4", runs=1, variables={"omega": 6.0, "t_ns": 4}, pointer="/spec/jobs/0"
        ),
    )
    assert [(name, type(value)) for name, value in file.jobs[0].variables.items()] == [
        ("omega", float),
        ("t_ns", int),
    ]


def test_names_can_be_given_and_made_from_variables():
    """A template is filled in for every point."""
    assert [
        name
        for name, _, _ in jobs(
            "{runs: 1, name: 'Ω{omega} at {t_ns} ns', sweep: {omega: [1, 2.5], t_ns: 100}}",
            "{runs: 1, name: reference, variables: {omega: 3, t_ns: 100}}",
        )
    ] == ["Ω1 at 100 ns", "Ω2.5 at 100 ns", "reference"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{runs: 9, repeat: 2, name: a, variables: {omega: 1, t_ns: 2}}", [("a#1", 1), ("a#2", 2)]),
        ("{runs: 9, repeat: 1, name: a, variables: {omega: 1, t_ns: 2}}", [("a", None)]),
        (
            "{runs: 9, repeat: 2, name: '{repeat}. a', variables: {omega: 1, t_ns: 2}}",
            [("1. a", 1), ("2. a", 2)],
        ),
        ("{runs: 9, name: '{repeat}. a', variables: {omega: 1, t_ns: 2}}", [("1. a", None)]),
        (
            "{runs: 9, repeat: 2, sweep: {omega: [1, 2], t_ns: 3}}",
            [("omega=1#1", 1), ("omega=1#2", 2), ("omega=2#1", 1), ("omega=2#2", 2)],
        ),
        (
            "{runs: 9, repeat: 2, sweep: {omega: [1], t_ns: 3}, include: [{omega: 4}]}",
            [("job-0#1", 1), ("job-0#2", 2), ("omega=4#1", 1), ("omega=4#2", 2)],
        ),
    ],
)
def test_a_point_is_repeated_one_job_after_the_other(entry, expected):
    """Each has all runs and a name of its own; once is as if nothing were said."""
    file = parse(with_jobs(entry), path="x.yaml")

    assert expected == [(job.name, job.repetition) for job in file.jobs]
    assert {9} == {job.runs for job in file.jobs}


def test_a_variable_called_repeat_is_what_a_template_means():
    """The number is then put behind."""
    text = with_jobs("{runs: 1, repeat: 2, name: 'a{repeat}', variables: {omega: 5, t_ns: 1}}")
    file = parse(text.replace("omega", "repeat"), path="x.yaml")

    assert ["a5#1", "a5#2"] == [job.name for job in file.jobs]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{runs: 1, repeat: 0, variables: {omega: 1, t_ns: 2}}", "expected at least 1, not 0"),
        ("{runs: 1, repeat: 2.5, variables: {omega: 1, t_ns: 2}}", "expected a whole number, not 2.5"),
        (
            "{runs: 1, repeat: 1000000000000, variables: {omega: 1, t_ns: 2}}",
            "the file asks for more than 100,000 jobs",
        ),
        (
            "{runs: 1, repeat: 2, sweep: {omega: [1, 1], t_ns: 2}}",
            "omega=1,t_ns=2 is asked for twice in this entry",
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused(entry, message):
    """Not by spelling it out first; and a point that stands there twice is a mistake still."""
    assert [message] == messages(with_jobs(entry))


def test_a_repetition_may_not_have_the_name_of_another_job():
    """Both are told."""
    twice = (
        "{runs: 1, repeat: 2, name: a, variables: {omega: 1, t_ns: 2}}",
        "{runs: 1, name: 'a#2', variables: {omega: 2, t_ns: 2}}",
    )

    assert ["two jobs are called a#2: here and on line 15"] == messages(with_jobs(*twice))


def test_derived_names_never_collide():
    """A name that is taken gives way to one that says all variables, and given names are never changed."""
    assert [
        name
        for name, _, _ in jobs(
            "{runs: 1, sweep: {omega: 1, t_ns: [100, 200]}}",
            "{runs: 1, sweep: {omega: 2, t_ns: [100, 200]}}",
            "{runs: 1, name: 'omega=2,t_ns=200', variables: {omega: 9, t_ns: 100}}",
        )
    ] == ["t_ns=100", "t_ns=200", "omega=2,t_ns=100", "omega=2,t_ns=200-2", "omega=2,t_ns=200"]


def test_names_do_not_change_when_jobs_are_added():
    """What was asked for before keeps its name."""
    before = jobs("{runs: 1, sweep: {omega: 1, t_ns: [100, 200]}}")

    after = jobs(
        "{runs: 1, sweep: {omega: 1, t_ns: [100, 200]}}", "{runs: 1, variables: {omega: 2, t_ns: 100}}"
    )

    assert after[: len(before)] == before


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (
            [
                "{runs: 1, variables: {omega: 1, t_ns: 100}}",
                "{runs: 9, variables: {omega: 1.0, t_ns: 100.0}}",
            ],
            (
                16,
                7,
                "omega=1,t_ns=100 is asked for here and on line 15",
                "raise runs, or say repeat, to measure it more often",
            ),
        ),
        (
            ["{runs: 1, sweep: {omega: [1, 2, 1], t_ns: 100}}"],
            (
                15,
                7,
                "omega=1,t_ns=100 is asked for twice in this entry",
                "raise runs, or say repeat, to measure it more often",
            ),
        ),
        (
            ["{runs: 1, name: a, sweep: {omega: [1, 2], t_ns: 100}}"],
            (15, 23, "several jobs of this sweep are called a", "say a-{omega}"),
        ),
        (
            [
                "{runs: 1, name: a, variables: {omega: 1, t_ns: 100}}",
                "{runs: 1, name: a, variables: {omega: 2, t_ns: 100}}",
            ],
            (16, 23, "two jobs are called a: here and on line 15", ""),
        ),
        (
            ["{runs: 1, name: 'a{t_n}', variables: {omega: 1, t_ns: 100}}"],
            (15, 23, "the name mentions t_n", "did you mean t_ns?"),
        ),
        (
            ["{runs: 1, name: 'a{t_ns', variables: {omega: 1, t_ns: 100}}"],
            (15, 23, "a brace in the name has no partner", "write a variable as {name}"),
        ),
        (
            ["{runs: 1, variables: {omga: 1, t_ns: 100}}"],
            (15, 29, "the sequence has no variable omga", "did you mean omega?"),
        ),
        (
            ["{runs: 1, sweep: [{omega: [1, 2]}, {t: [1, 2]}]}"],
            (15, 43, "the sequence has no variable t", "known variables: t_ns"),
        ),
        (
            ["{runs: 1}"],
            (15, 7, "the job gives no value to omega, t_ns", "every variable of the sequence needs one"),
        ),
        (
            ["{runs: 1, variables: {omega: 1, t_ns: 4.5}}"],
            (15, 45, "t_ns is an int and takes whole numbers only, not 4.5", ""),
        ),
        (
            ["{runs: 1, sweep: {omega: 1, t_ns: [4, 4.5]}}"],
            (15, 45, "t_ns is an int and takes whole numbers only, not 4.5", ""),
        ),
        (
            ["{runs: 1, sweep: {omega: 1, t_ns: {linspace: [1, 2, 3]}}}"],
            (
                15,
                41,
                "t_ns is an int and takes whole numbers only, not 1.5",
                "range: [FIRST, LAST, STEP] gives whole numbers, if these are",
            ),
        ),
        (
            ["{runs: 1, variables: {omega: [1, 2], t_ns: 4}}"],
            (15, 36, "omega holds one number, not a list of 2", ""),
        ),
        (
            ["{runs: 1, sweep: [{omega: [1, 2], t_ns: [1, 2, 3]}]}"],
            (15, 25, "variables that move together need equally many values: omega has 2, t_ns has 3", ""),
        ),
        (
            ["{runs: 1, sweep: [{omega: [1, 2]}, {omega: [1, 2], t_ns: 3}]}"],
            (15, 43, "omega is swept twice", ""),
        ),
        (
            ["{runs: 1, sweep: {omega: {range: [1, 2, 0]}, t_ns: 3}}"],
            (15, 40, "the step of a range can't be 0", ""),
        ),
        (
            ["{runs: 1, variables: {omega: 1, t_ns: 2}, sweep: {omega: 1, t_ns: 2}}"],
            (15, 7, "expected variables or sweep, not both", ""),
        ),
        (
            ["{runs: 1, sweep: {omega: {range: [1, 1000, 1]}, t_ns: {range: [1, 1000, 1]}}}"],
            (15, 5, "the file asks for more than 100,000 jobs", ""),
        ),
    ],
)
def test_jobs_that_cannot_be_are_refused_where_they_stand(entries, expected):
    """Each mistake is one problem, at the value or the entry that makes it."""
    assert problems(with_jobs(*entries)) == [expected]


def test_all_mistakes_of_all_jobs_are_found_at_once():
    """A broken entry hides nothing of the others."""
    assert messages(
        with_jobs(
            "{runs: many, variables: {omega: 1, t_ns: 1}}",
            "{runs: 1, variables: {omega: 1, tns: 1}}",
            "{runs: 1, variables: {omega: 1, t_ns: 1.5}}",
        )
    ) == [
        'expected a whole number, not "many"',
        "the sequence has no variable tns",
        "t_ns is an int and takes whole numbers only, not 1.5",
    ]


def points(sweep, **files):
    """Values of omega and t_ns of the jobs of a sweep, beside some files."""
    text = with_jobs(f"{{runs: 1, sweep: {sweep}}}")
    file = parse(text, path="x.yaml", companion={f"{name}.csv": table for name, table in files.items()}.get)
    return [(job.variables["omega"], job.variables["t_ns"]) for job in file.jobs]


def test_columns_of_a_table_move_together_in_one_axis():
    """Row by row; in a mapping they are axes of their own."""
    table = "omega,t_ns,note\n1.5,100,a\n2.5,200,b\n"
    axis = "[{omega: {csv: {file: p.csv, column: omega}}, t_ns: {csv: {file: p.csv, column: t_ns}}}]"
    mapping = axis.removeprefix("[").removesuffix("]")

    assert [(1.5, 100), (2.5, 200)] == points(axis, p=table)
    assert [(1.5, 100), (1.5, 200), (2.5, 100), (2.5, 200)] == points(mapping, p=table)


def test_a_table_is_a_companion_of_the_file():
    """It is read once, named once, and counts for the digest."""
    text = with_jobs(
        "{runs: 1, sweep: {omega: {csv: {file: p.csv, column: a}}, t_ns: {geomspace: [1, 100, 3]}}}"
    )
    read = []

    def companion(content):
        return lambda name: read.append(name) or content

    one = parse(text, path="x.yaml", companion=companion("a\n1\n"))
    other = parse(text, path="x.yaml", companion=companion("a\n1 \n"))

    assert (("p.csv",), ["p.csv", "p.csv"]) == (one.companions, read)
    assert one.jobs == other.jobs
    assert one.digest != other.digest


def test_random_values_fit_their_variables():
    """Whole numbers for an int; names say what varies."""
    file = parse(
        with_jobs("{runs: 1, sweep: {omega: 1, t_ns: {random: {integers: [100, 200], count: 2, seed: 1}}}}"),
        path="x.yaml",
    )

    assert [("t_ns=130", {"omega": 1.0, "t_ns": 130}), ("t_ns=169", {"omega": 1.0, "t_ns": 169})] == [
        (job.name, job.variables) for job in file.jobs
    ]


SWEPT = "runs: 1, sweep: {omega: [1, 2], t_ns: [100, 200]}"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            f"{{{SWEPT}, exclude: [{{omega: 1, t_ns: 200}}, {{omega: 2.0, t_ns: 100}}]}}",
            [("omega=1,t_ns=100", 1, 100), ("omega=2,t_ns=200", 2, 200)],
        ),
        (
            f"{{{SWEPT}, exclude: [{{omega: 1}}], include: [{{omega: 3, t_ns: 50}}]}}",
            [("omega=2,t_ns=100", 2, 100), ("omega=2,t_ns=200", 2, 200), ("omega=3,t_ns=50", 3, 50)],
        ),
        (
            "{runs: 1, sweep: {t_ns: [100, 200]}, include: [{omega: 1}, {t_ns: 200, omega: 2}]}",
            [("omega=1,t_ns=100", 1, 100), ("omega=2,t_ns=200", 2, 200)],
        ),
        (
            "{runs: 1, sweep: {t_ns: [100, 200], omega: 2}, include: [{t_ns: 300}, {omega: 3, t_ns: 100}]}",
            [("t_ns=100", 2, 100), ("t_ns=200", 2, 200), ("t_ns=300", 2, 300), ("omega=3,t_ns=100", 3, 100)],
        ),
        (
            "{runs: 1, name: '{omega}/{t_ns}', sweep: {t_ns: 9}, include: [{omega: 1}, {omega: 2, t_ns: 8}]}",
            [("1/9", 1, 9), ("2/8", 2, 8)],
        ),
    ],
    ids=["exclude", "after-exclude", "more-values", "constants", "template"],
)
def test_points_are_excluded_and_included_as_in_a_ci_matrix(entry, expected):
    """First some are left out, then values are added where they contradict nothing, and points where not."""
    assert expected == [(name, said["omega"], said["t_ns"]) for name, _, said in jobs(entry)]


def test_an_included_point_stands_on_its_own_line():
    """Problems of physics are said where the point is, and names of others stay as they were."""
    file = parse(with_jobs(f"{{{SWEPT}, include: [{{omega: 3, t_ns: 50}}]}}"), path="x.yaml")

    assert ["/spec/jobs/0"] * 4 + ["/spec/jobs/0/include/0"] == [job.pointer for job in file.jobs]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ("exclude: [{omega: 5}]", "this excludes nothing: the sweep has no such point"),
        ("exclude: [{omega: 1}, {omega: 2}]", "this leaves nothing of the sweep"),
        ("exclude: [{omga: 1}]", "the sequence has no variable omga"),
        ("exclude: [{t_ns: 1.5}]", "t_ns is an int and takes whole numbers only, not 1.5"),
        ("include: [{omega: 1}]", "this includes nothing: the sweep has such a point"),
        ("include: [{omega: 3}]", "the job gives no value to t_ns"),
        (
            "include: [{omega: 3, t_ns: 1}, {t_ns: 1, omega: 3}]",
            "omega=3,t_ns=1 is asked for here and on line 15",
        ),
    ],
)
def test_idle_words_of_a_matrix_are_mistakes(items, message):
    """What changes nothing was meant otherwise."""
    assert [message] == messages(with_jobs(f"{{{SWEPT}, {items}}}"))


def test_a_point_may_lack_a_value_only_if_it_is_included():
    """One problem for the whole sweep."""
    entry = "{runs: 1, sweep: {t_ns: [1, 2, 3]}, include: [{t_ns: 1, omega: 1}]}"

    assert ["the job gives no value to omega"] == messages(with_jobs(entry))


def test_a_point_that_cannot_be_read_whole_gets_no_name():
    """What is wrong with it is told, and its template is not filled in."""
    entry = "{runs: 1, name: 'a{omega}', sweep: [{omega: [0, 1], t_ns: [1, 2]}], include: [{o, 5, t_ns: 7}]}"

    assert ["o has no value", "a key must be text, not 5"] == messages(with_jobs(entry))


def test_many_kinds_of_items_are_refused():
    """Each looks through all points."""
    names = [f"v{i}" for i in range(60)]
    text = with_jobs("{runs: 1, sweep: {omega: [1, 2], t_ns: 1}, exclude: [" + "{omega: 1}]}")
    declared = ", ".join(f"{name}: float" for name in names)
    swept = ", ".join(f"{name}: 1" for name in names)
    excluded = ", ".join(f"{{omega: 1, {name}: 1}}" for name in names)
    operations = "".join(f"      - phase_shift: {{phase: {name}}}\n" for name in names)
    text = text.replace("{omega: float,", f"{{{declared}, omega: float,").replace(
        "t_ns: 1}", f"t_ns: 1, {swept}}}"
    )
    text = text.replace("[{omega: 1}]", f"[{excluded}]").replace(
        "    operations:\n", f"    operations:\n{operations}"
    )

    assert ["exclude and include are about more than 50 different sets of variables"] == [
        message for message in messages(text) if "exclude" in message
    ]


def test_very_many_names_that_are_too_long_are_numbered():
    """Each gets the first number that nobody has; counted on, not anew each time."""
    long, longer = "v" * 50, "w" * 50
    rule = "{range: [1, 30000, 1]}"
    text = with_jobs(f"{{runs: 1, sweep: [{{omega: 1, t_ns: 1}}, {{{long}: {rule}, {longer}: {rule}}}]}}")
    text = text.replace("{omega: float,", f"{{{long}: int, {longer}: int, omega: float,")
    delays = "".join(
        f"      - delay: {{channel: drive, duration_ns: {variable}}}\n" for variable in (long, longer)
    )
    text = text.replace("    operations:\n", f"    operations:\n{delays}")
    names = [job.name for job in parse(text, path="x.yaml").jobs]

    assert ["job-0", *(f"job-0-{i}" for i in range(2, 30_001))] == names


@pytest.mark.parametrize("value", ["1e300", "9007199254740992.0", "{geomspace: [1, 1e300, 2]}"])
def test_an_int_is_small_enough_to_be_kept(value):
    """As JSON has numbers, and so does the key of a point."""
    found = messages(with_jobs(f"{{runs: 1, sweep: {{omega: 1, t_ns: {value}}}}}"))

    assert ["is too large to be kept exactly: whole numbers stay below 2^53"] == [
        message.partition(", and ")[2].partition(" ")[2] for message in found
    ]
