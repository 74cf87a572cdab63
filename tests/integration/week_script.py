"""A lab's week as a pure script: which commits are pushed, who looks after each, and what they ask for.

Nothing of the runner is used here: how many runs have to be bought is counted from the script's own values.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

RUNNERS = ("ada", "bob")
N_EXPERIMENTS = 30
# At the beginning; each commit that adds brings two more.
_FIRST, _MORE = 10, 2
_SHORTEST_NS, _STEP_NS = 100, 20


class Kind(StrEnum):
    """What a commit does."""

    ADD = "add"
    CHANGE = "change"
    RENAME = "rename"
    MOVE = "move"
    REVERT = "revert"
    REMOVE = "remove"
    MERGE = "merge"
    INVALID = "invalid"
    FORCE = "force"


# After the first one: 40 commits in all.
_OTHERS = {
    Kind.ADD: 7,
    Kind.MERGE: 3,
    Kind.CHANGE: 10,
    Kind.RENAME: 4,
    Kind.MOVE: 2,
    Kind.REVERT: 5,
    Kind.REMOVE: 4,
    Kind.INVALID: 3,
    Kind.FORCE: 1,
}
# No commit of these comes into force.
_NEVER = frozenset({Kind.INVALID, Kind.FORCE})


@dataclass(frozen=True)
class Wish:
    """An experiment as its file says it.

    Args:
        name: In its metadata.

        amplitude: Of its pulse, in hundredths of rad/µs: what its sequence is known by.

        points: Duration of the pulse (in ns) and runs of each job.
    """

    name: str
    amplitude: int
    points: tuple[tuple[int, int], ...]
    rerun: int = 0

    @property
    def text(self):
        """Of its file."""
        jobs = "".join(f"    - {{runs: {runs}, variables: {{t_ns: {t}}}}}\n" for t, runs in self.points)
        return _FILE.format(
            name=self.name, rerun=self.rerun, amplitude=f"{self.amplitude / 100:.2f}", jobs=jobs
        )

    @property
    def runs(self):
        """Runs that it asks for, by amplitude, duration and rerun."""
        return {(self.amplitude, t, self.rerun): runs for t, runs in self.points}


_FILE = """\
apiVersion: runner/v1
kind: Experiment
metadata: {{name: {name}}}
spec:
  device_type: EMU_FREE
  rerun: {rerun}
  sequence:
    device: AnalogDevice
    register: {{chain: {{n_qubits: 1, spacing_um: 6.0}}}}
    channels: {{ising: rydberg_global}}
    variables: {{t_ns: int}}
    operations:
      - pulse:
          channel: ising
          amplitude: {{constant: {{duration_ns: t_ns, value: {amplitude}}}}}
          detuning: 0.0
  jobs:
{jobs}"""

# Path of a file, from `specs` and without its ending, to what it says.
Files = dict[str, Wish]


@dataclass(frozen=True)
class Turn:
    """Somebody looks at the branch, until all that is in force is settled.

    Args:
        killed_after_s: Moments of SIGKILL, each that long after a start.

        is_fresh: Whether its clone, with its journal, is lost after that.
    """

    runner: str
    killed_after_s: tuple[float, ...] = ()
    is_fresh: bool = False


@dataclass(frozen=True)
class Step:
    """A commit that is pushed, and who looks at the branch after it, all at the same time.

    Args:
        files: All that there are after it.

        broken: Path of a file that is cut short on the way.
    """

    kind: Kind
    files: Files
    turns: tuple[Turn, ...] = ()
    broken: str = ""

    @property
    def comes_into_force(self):
        """For whoever looks."""
        return self.kind not in _NEVER


@dataclass
class _Author:
    """Who writes the script."""

    dice: Random
    history: list[Files] = field(default_factory=list)
    n_made: int = 0
    n_amplitudes: int = 100
    n_names: int = 0

    def amplitude(self):
        """One that no other sequence has."""
        self.n_amplitudes += 1
        return self.n_amplitudes

    def name(self):
        """One that no other experiment ever has."""
        self.n_names += 1
        return f"e{self.n_names}"

    def added(self, files, count):
        """The files with new experiments."""
        new = {}
        for _ in range(count):
            n_points, start = self.dice.randint(1, 3), self.dice.randrange(5)
            points = tuple(
                (_SHORTEST_NS + _STEP_NS * (start + n), 10 * self.dice.randint(1, 9)) for n in range(n_points)
            )
            wish = Wish(self.name(), self.amplitude(), points)
            new[wish.name] = wish
            self.n_made += 1
        return files | new

    def changed(self, wish):
        """The experiment with other runs, another job, one fewer, another sequence, or measured again."""
        points = list(wish.points)
        at = self.dice.randrange(len(points))
        longest = max(t for t, _ in points)
        match self.dice.choice(["more", "less", "job", "drop", "sequence", "rerun"]):
            case "more":
                points[at] = (points[at][0], points[at][1] + 30)
            case "less":
                points[at] = (points[at][0], max(5, points[at][1] - 15))
            case "job":
                points.append((longest + _STEP_NS, 20))
            case "drop" if len(points) > 1:
                del points[at]
            case "sequence":
                return replace(wish, amplitude=self.amplitude())
            case _:
                return replace(wish, rerun=wish.rerun + 1)
        return replace(wish, points=tuple(points))

    def step(self, kind):
        """The next commit; what came to nothing before is not in it."""
        files = self.history[-1]
        path = self.dice.choice(sorted(files))
        others = {each: wish for each, wish in files.items() if each != path}
        match kind:
            case Kind.ADD | Kind.MERGE:
                after = self.added(files, _MORE)
            case Kind.RENAME:
                after = files | {path: replace(files[path], name=self.name())}
            case Kind.MOVE:
                after = others | {f"moved/{path.rpartition('/')[2]}": files[path]}
            case Kind.REMOVE:
                after = others
            case Kind.REVERT:
                after = self.history[-2]
            case _:
                after = files | {path: self.changed(files[path])}
                after |= {each: self.changed(files[each]) for each in self.dice.sample(sorted(files), 2)}
        if kind not in _NEVER:
            self.history.append(after)
        return Step(kind, after, broken=path if kind is Kind.INVALID else "")

    def turns(self):
        """Nobody, one, or both of them at once; some are killed, and some of these lose their clone."""
        who = self.dice.choice([(), ("ada",), ("bob",), RUNNERS])
        return tuple(self.turn(name) for name in who)

    def turn(self, name):
        """One of these."""
        kills = tuple(self.dice.uniform(0.05, 1.0) for _ in range(self.dice.choice([0, 0, 0, 1, 2])))
        return Turn(name, kills, is_fresh=bool(kills) and self.dice.random() < 0.3)


def week(seed):
    """The steps of a week; its first commit adds, and all have settled after its last."""
    author = _Author(Random(f"week {seed}"))
    author.history += [{}, author.added({}, _FIRST)]
    everybody = tuple(Turn(name) for name in RUNNERS)
    steps = [Step(Kind.ADD, author.history[-1], everybody)]
    for kind in _kinds(author.dice):
        step = author.step(kind)
        if kind is Kind.FORCE:  # who is behind would take it for an ordinary commit
            steps[-1] = replace(steps[-1], turns=everybody)
            steps.append(replace(step, turns=everybody))
        else:
            steps.append(replace(step, turns=author.turns()))
    return (*steps[:-1], replace(steps[-1], turns=everybody))


def _kinds(dice):
    """In an order by chance.

    The last one comes into force, and so does the one that a force-push is held against. The first one is
    never reverted: nothing would be left.
    """
    while True:
        kinds = [kind for kind, count in _OTHERS.items() for _ in range(count)]
        dice.shuffle(kinds)
        at = kinds.index(Kind.FORCE)
        first = next(kind for kind in kinds if kind not in _NEVER)
        if at and first is not Kind.REVERT and kinds[at - 1] not in _NEVER and kinds[-1] not in _NEVER:
            return kinds


def asked_for(steps):
    """Runs to be bought by amplitude, duration (in ns) and rerun.

    Runs of a point add up, so it is the most that was asked for it at once, of all that ever was in force.
    A commit that nobody looked at before the next one never was.
    """
    most = Counter()
    for step in steps:
        if step.turns and step.comes_into_force:
            for wish in step.files.values():
                for point, runs in wish.runs.items():
                    most[point] = max(most[point], runs)
    return dict(most)
