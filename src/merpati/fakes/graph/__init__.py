"""Meta's Graph API, as far as the WhatsApp Cloud API goes: `merpati fake-graph`.

One process plays Meta and everybody's phones: businesses send by `POST /{version}/{phone_number_id}/messages`,
people answer through `/_fake/…` (and its page), webhooks come signed. Deterministic by a clock and a seed that come
in. Kept in memory alone.

Source: Meta's documentation of the Cloud API (messages, media, webhooks, error codes, business-scoped user ids).
"""
