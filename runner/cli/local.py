"""`runner local`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.exits import Exit
from runner.cli.output import print_text
from runner.project import Project, local_store, serve_local

_HOW_TO = """\
the local cloud answers at {url}
  store: {store}
  with the runner:       runner apply --target {url} FILE
  with the official SDK: PasqalCloud(project_id="00000000-0000-4000-8000-000000000000",
                                     endpoints=Endpoints(core="{url}", account="{url}"),
                                     token_provider=…)   any token will do{unless}
  end it with Ctrl-C"""


@click.group()
def local() -> None:
    """The cloud on this machine: PCS's interface over Pulser's emulators."""


@local.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; 0 for any free one."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. To be reached by other machines give an address of this one that they know;"
    " every project then needs a token in the configuration file.",
)
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of everything it keeps.  [default: that of this repository]",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Configuration file (TOML or JSON): tokens of projects, life of result links, webhooks, and faults"
    " to try a client with. docs/local-cloud.md has every option.",
)
def serve(port: int, host: str, store: Path | None, config: Path | None) -> int:
    """Serve the local cloud until interrupted, for the runner, the official SDK, or any client of PCS.

    Nothing is lost when it ends: what was pending goes on at the next start.
    """
    unless = "" if config is None else f", unless {config} has tokens"
    folder = store or local_store(Project.open().root)
    serve_local(
        folder,
        host=host,
        port=port,
        config=config,
        on_ready=lambda url: print_text(_HOW_TO.format(url=url, store=folder, unless=unless)),
    )
    return Exit.DONE
