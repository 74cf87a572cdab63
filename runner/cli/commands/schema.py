"""`runner schema`."""

from __future__ import annotations

import sys

import click

from runner.project import schema_names, schema_text


@click.command()
@click.argument("name", type=click.Choice(schema_names()))
def schema(name: str) -> None:
    """Print a JSON Schema, draft 2020-12.

    \b
    experiment    experiment files
    runner        runner.toml
    record        the records in results/
    plan          saved plans
    status        runner status -o json
    notification  what runner sync posts to webhooks

    Editors complete and explain with them: `runner schema experiment > experiment.schema.json`, and a file
    that begins with `# yaml-language-server: $schema=experiment.schema.json`.
    """
    sys.stdout.write(schema_text(name))
