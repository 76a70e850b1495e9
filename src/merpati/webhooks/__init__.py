"""Webhooks: what happened, told to the addresses that a device's owner gave, in Fonnte's bodies.

Owns: `endpoint`, `hook_lane`, `hook_outage`, `hook_replay`, `dead_letter`, `hook_call`. Emits nothing.
Hears every fact, by a cursor per endpoint (`log.readers`, kind "webhook").

At least once, in order per device, the same `webhook-id` in every try. One dead endpoint delays no other.

`actions` sets endpoints and replays dead letters; `views` reads. `runner.Webhooks` is the loop of a process:
`holding` knows which endpoints are its, `reading` and `feed` bring them what the log has, `hook` and `lanes` (pure)
hold what waits and say whose turn it is, `calling` sets lanes to work from `places`, which the accounts share
(`shares`, pure), `deliver` makes one call out of `bodies` and `signing`, `settling` (pure) says what its end means,
`ladders` when to try again; `progress` and `saving` store how far all that is.
"""
