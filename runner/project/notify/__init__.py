"""Being told how experiments stand: by a webhook, a chat, or the status of a commit.

The receivers are those that `runner.toml` names. `events` and `commit_status` say what there is to tell,
`payloads` and `signed_request` how it is said: pure functions over values. `outbox` remembers what was told
and what waits, `delivery` sends it, and `notifier` is the reporter that does all of this after each turn.
"""
