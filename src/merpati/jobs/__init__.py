"""Jobs: what is due later, or needs the network outside the hot path.

Owns: `job`. Emits and hears nothing.

A job is at-least-once: its handler is idempotent and says how in its docstring. `actions.enqueue_jobs` writes it
in the caller's transaction; `actions.claim_jobs` gives due ones to a node, at most one running per lane;
`runner.JobRunner` runs them with back-off and sets aside, visibly, what fails too often.
"""
