"""Telling others how a followed repository stands: webhooks, and the state of its commits.

`receivers` are those that `runner.toml` names. `notices` and `commit_states` say what there is to tell,
`payloads` and `addressing` how it is said: pure functions over values. `outbox` remembers what was told and
what waits, `delivering` sends it, and `notifying` is the reporter that does all of this after each turn.
"""
