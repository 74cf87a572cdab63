"""A schedule of loops is played in the reference's world."""

from __future__ import annotations

from collections import Counter

from loop_crew import LoopCrewman
from loop_ill_luck import luck, unlucky_loops
from loop_judge import LoopJudge
from reference_history import Game, played
from reference_world import World


class LoopWorld(World):
    """The reference's world, with a judge who knows what loops are."""

    judge_class = LoopJudge

    @property
    def is_renaming(self):
        """Whether files come and go: then each may go on with what another one bought."""
        return not all(each.is_there for loop in self.conditions.files for each in loop.versions)

    def files_of(self, clone):
        """The version of each file that a clone has, by the file; of those that are there."""
        files = self.conditions.files
        return {n: has for n, has in enumerate(self.has[clone]) if files[n].versions[has].is_there}

    def happened(self):
        """How much happened, as numbers by their names."""
        return super().happened() + Counter(rounds=self.judge.n_rounds())


def play_loops(schedule):
    """The world after a schedule of loops was played to its end."""
    return played(schedule, LoopWorld, LoopCrewman)


LOOPS = Game(unlucky_loops, play_loops, luck)
