"""Fonnte's HTTP API: programs written for it work when only the base URL and the token change.

One file per endpoint; what they share:

* `door`: one ASGI handler for all of them: token, body, endpoint, answer.
* `body`, `form`, `fields`: raw bytes of any form (urlencoded, multipart, JSON, query) to named values.
* `params`: each parameter a row. `words`: our codes and states in Fonnte's literal words.

A refusal is HTTP 200 with `status` false and Fonnte's `reason`, as at Fonnte; every answer has `X-Request-Id`.
"""
