"""The log, followed by browsers: one reader for all of a process, each fact made into bytes once.

`feed` (pure) holds the newest facts of one account, and says what a stream is told next; `events` makes the bytes;
`hub` reads the log for every account that somebody watches, and judges who still may. A stream has no cursor in the
database: the browser keeps it (`Last-Event-ID`).
"""
