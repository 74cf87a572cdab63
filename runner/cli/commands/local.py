"""`runner local`."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.output import print_text
from runner.project import EngineKind, Execution, Project, Serving, local_store, serve_local

_HOW_TO = """\
the local cloud answers at {url}
  store: {store}
  with the runner:       runner apply --target {url} FILE
  with the official SDK: PasqalCloudClient(project_id="00000000-0000-4000-8000-000000000000",
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
    help="Configuration file, see docs/local-cloud.md: tokens of projects, life of result links, webhooks,"
    " and faults to try a client with. TOML or JSON.",
)
@click.option(
    "--engine",
    type=click.Choice([kind.value for kind in EngineKind]),
    default=EngineKind.PROCESSES.value,
    show_default=True,
    help="What executes jobs: processes of this machine, or a Dask cluster (extra [dask]).",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="A running Dask cluster, like tcp://10.0.0.1:8786; without it Dask uses this machine's cores.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Jobs that this machine executes at the same time.  [default: one for each core]",
)
@click.option(
    "--shared-evolutions/--no-shared-evolutions",
    default=True,
    show_default=True,
    help="Whether noiseless jobs that differ only in runs are evolved once.",
)
def serve(
    port: int,
    host: str,
    store: Path | None,
    config: Path | None,
    engine: str,
    scheduler: str | None,
    workers: int | None,
    shared_evolutions: bool,
) -> None:
    """Serve the local cloud until interrupted.

    Tried with the runner, the official SDK, Pulser's connection and QRMI. Nothing is lost when it
    ends: what was pending goes on at the next start.
    """
    execution = Execution(
        engine=EngineKind(engine), scheduler=scheduler, workers=workers, shares_evolutions=shared_evolutions
    )
    if execution.contradiction is not None:
        raise click.UsageError(execution.contradiction)
    folder = store or local_store(Project.open().root)
    unless = "" if config is None else f", unless {config} has tokens"
    serve_local(
        folder,
        Serving(host=host, port=port, config=config, execution=execution),
        on_ready=lambda url: print_text(_HOW_TO.format(url=url, store=folder, unless=unless)),
    )
