"""Builds everything from a Config and runs it; nothing but the command line imports it.

Order of the start: data folder and its lock, database and schema, the parts, the loops, and last the door. At the
end the other way round: the door closes, hand-overs under way finish, devices are given back, what waits is stored.
"""
