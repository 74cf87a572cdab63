"""A cloud on this machine: the HTTP API of Pasqal Cloud Services over Pulser's emulators.

It is the other side: of this project it knows the words of `runner.domain` alone.

`rules`: decisions, pure, with the time passed in: states, queues, costs, webhooks.
`protocol`: HTTP as values: messages, filters, bodies, answers, result links, faults on demand,
configuration.
`validation`: whether a submission can be run.
`store`: SQLite.
`engines`: how a job is executed: processes, Dask, emulators, and how work is not repeated.
`api`: the calls, who may make them, and the OpenAPI document.
`server`: `local_cloud` is all of that put together, driven by `handle` and `step`; a simulation needs
nothing more. Around it are sockets, threads, processes and files.

Nothing is imported here: a command that only joins a running server must not pay for the server's imports.
Import from the modules of `runner.local.server`: `launch` (light), `local_cloud`, `server`.
"""
