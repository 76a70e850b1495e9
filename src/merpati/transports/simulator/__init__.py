"""A WhatsApp of our own: people, groups and phones that need no internet, and a journal that judges from outside.

Two halves meet at a link (`wire`). The **network** (`network`, `world`, `journal`, `server`) stands outside
merpati: it keeps its own store and log, and may run in a process of its own. The **client** (`link`, `transport`,
`phone`) is how devices and people reach it. Owns no table; emits and hears nothing.

Start with `link.open_link`; people act through `phone.Phone`; checkers read with `journal.read_journal`.
"""
