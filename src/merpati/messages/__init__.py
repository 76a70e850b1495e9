"""Messages: acceptance, the outbox, pace and delay, hand-over, receipts, history.

Owns: `message`, `outbox`, `device_clock`, `device_pace`, `first_contact`, `warm_up`, `early_receipt`, `attempt`,
`hold`, `batch`, `batch_part`, `media`, `message_change`, `message_words`.
Emits: MessageQueued, BatchAccepted, MessageSent, MessageDelivered, MessageRead, MessageRetried, MessageFailed,
MessageUncertain, MessageCancelled, MessageExpired, MessageRescheduled, MessageReceived, MessageTyped,
MessageEdited, MessageRevoked.
Hears: DeviceStateChanged (by call of the runtime: recovery and expiry when a session opens).

Pure: `model` (states and their table), `targets` (the grammar of `target`), `pace` (the device's), `warm_up` (how
many people it writes to first), `delay` (the call's), `planning` (a request becomes drafts), `retries` (what
follows from a fault), `history` (what a search asks and answers), `words` (what a message says). Hot, set-based,
coalesced: `actions` (accept), `handover` (intent, acknowledgement), `first_contact` (who waits longer, within the
intent), `receipts`, `inbound`, `typed`, `authored`
(what its author makes of it). Everything else is one transaction each: `changes` (cancel, reschedule,
resend, expire, recover), `unclear` (what nobody answered), `windows` (until when one may write freely), `caution`
(how far a device goes with people who do not know it), `recovery` (all that a session's opening means),
`batches`, `media`.
"""
