"""Words without I/O: ids, clock, errors, facts, addresses, the state machine. Imports nothing of merpati."""
