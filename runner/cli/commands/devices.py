"""`runner devices`."""

from __future__ import annotations

import click

from runner.cli import options
from runner.cli.output import print_json, print_table, say
from runner.domain.json_values import plain
from runner.project import Project
from runner.project.cache.device_specs import age_said
from runner.project.views.device_table import device_rows

_NO_LIMIT = "any"


@click.command()
@options.target
@click.option("--refresh", is_flag=True, help="Ask the target, however new what is known is.")
@options.output("table", "json")
def devices(target: str | None, refresh: bool, form: str) -> None:
    """List the target's device types, and what they can do.

    It is what the target said last, with its age: other verbs check jobs against it, and `device: {target:
    TYPE}` in an experiment file stands for it. `plan`, `apply`, `watch`, `status` and `cancel` ask again when
    it is older than `device_max_age_s` of runner.toml. Whether a device is up is told only when the target is
    asked.
    """
    rows = device_rows(Project.open(target=target, asks_cloud=True), refresh=refresh)
    if form == "json":
        print_json([plain(row) for row in rows])
        return
    if not rows:
        say("the target serves no devices")
        return
    columns = ("device type", "device", "qubits", "max duration", "max runs", "availability")
    print_table(
        columns,
        [
            (
                row.device_type,
                row.device,
                _limit(row.qubits),
                _limit(row.max_duration_ns, " ns"),
                _limit(row.max_runs),
                row.availability or "not asked",
            )
            for row in rows
        ],
    )
    say(f"as the target said it: {age_said(rows[0].age_s)}")


def _limit(value: int | None, unit: str = "") -> str:
    return _NO_LIMIT if value is None else f"{value}{unit}"
