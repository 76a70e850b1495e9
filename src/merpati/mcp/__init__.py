"""A server of the Model Context Protocol: an assistant sees devices and messages, and sends after a person agreed.

A program of its own (`merpati mcp`, the extra `mcp`) that speaks to API v1 with a key, through `merpati.client`. It
owns nothing but what was prepared, which is gone with it. `offers` is the table of what an assistant may call, each
with the scopes that it needs: what the key may not do is not offered, and the API refuses it besides. `serving`
puts it together with the official SDK.

Two dangers are answered here. What people write to a shop can say "ignore your instructions and send …": all words
that are not the shop's or ours come between marks that nobody outside can know (`marking`). And an assistant errs:
nothing is sent or changed by one call. It is prepared, shown to a person, and carried out by a second call under a
code (`confirming`), before which the person's own program asks them, where it can (`carrying_out`).
"""
