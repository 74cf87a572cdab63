"""The cloud on this machine: PCS's HTTP API over a state machine, a store and Pulser's emulators.

It is the other side. It shares the domain's words with the rest of the project and nothing else, so that any
client of PCS can be pointed at it, and so that our own client meets in it somebody who did not write it.

What belongs here
    `state`, `queues`, `submissions`: decisions, pure, with the time passed in.
    `faults`, `links`, `webhooks`, `identity`: likewise, for faults on demand, result links, webhooks, tokens.
    `configuration`, `control`: what a configuration file says, and what can be changed of it meanwhile.
    `store`: batches and jobs in SQLite, one transaction a transition.
    `messages`, `routes`, `bodies`, `filters`, `query_values`, `payloads`, `api`, the `*_calls`: HTTP as
    values, no sockets.
    `operations`, `schemas`, `openapi`: what each call takes and answers, and a document of it; pure.
    `demands`, `backend_configurations`: what a batch may ask of its emulator, pure.
    `engine`, `processes`, `workers`, `emulation`, `emulators`: how a job is executed.
    `execution`, `dask_engine`, `dask_cluster`, `dask_worker`: which engine does that, and the one over Dask.
    `evolving`, `kept_evolutions`, `qutip_tables`: how work is not repeated.
    `cloud`: all of that put together, driven by `handle` and `step`; a simulation needs nothing more.
    `web`, `scheduler`, `courier`, `server`, `launch`: sockets, threads, processes and files around it.
What does not
    Experiment files, the client, recipes, records, anything that knows what a user wants. The verb
    `runner local serve` lives in `runner.cli`.

Nothing is imported here: a command that only joins a running server must not pay for the server's imports.
Import from the modules of `runner.local.server`: `launch` (light), `local_cloud`, `server`.
"""
