"""A rule of a sweep → the values that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.spec.jobs.random_values import drawn_values
from runner.spec.values.csv_columns import Table, table_of
from runner.spec.values.referenced_files import CompanionError
from runner.spec.values.sweep_values import SweepError, geomspace_values, linspace_values, range_values

if TYPE_CHECKING:
    from runner.spec.models.sweep_rules import Csv, Random, Spread
    from runner.spec.values.referenced_files import Companions
    from runner.spec.yaml_text.limits import Limits


# Values over all rules, for every job that a file may ask for: sweeps have several variables.
_VALUES_A_JOB = 5


class Rules:
    """Spells rules out; a table that several of them name is read once.

    Args:
        companions: Files that the experiment file may name.

        limits: How many values a rule may give.
    """

    def __init__(self, companions: Companions, limits: Limits) -> None:
        self.limits = limits
        self._companions = companions
        self._tables: dict[str, Table] = {}
        self._given = 0

    def values(self, spread: Spread, variable: str) -> tuple[int | float, ...]:
        """The values that a rule gives a variable.

        Raises:
            SweepError: When the rule gives none, or too many; or all rules so far do.
        """
        if self._given > (most := _VALUES_A_JOB * self.limits.jobs):
            raise SweepError(f"the sweeps of this file have more than {most:,} values")
        values = self._values(spread, variable)
        self._given += len(values)
        return values

    def _values(self, spread: Spread, variable: str) -> tuple[int | float, ...]:
        most = self.limits.jobs
        if spread.range is not None:
            return range_values(*spread.range, most=most)
        if spread.linspace is not None:
            return linspace_values(*spread.linspace, most=most)
        if spread.geomspace is not None:
            return geomspace_values(*spread.geomspace, most=most)
        if spread.random is not None:
            return self._drawn(spread.random, variable)
        return self._column(spread.value)

    def _drawn(self, random: Random, variable: str) -> tuple[int | float, ...]:
        if random.count > self.limits.jobs:
            message = f"random gives at most {self.limits.jobs:,} values, not {random.count}"
            raise SweepError(message, key="count")
        return drawn_values(random, variable)

    def _column(self, said: Csv) -> tuple[int | float, ...]:
        if said.file not in self._tables:
            try:
                text = self._companions.text(said.file)
            except CompanionError as error:
                raise SweepError(error.message, error.hint, key="file") from error
            self._tables[said.file] = table_of(text, name=said.file, most=self.limits.jobs)
        return self._tables[said.file].numbers(said.column)
