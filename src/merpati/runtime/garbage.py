"""When Python looks for cyclic garbage."""

import gc


def collect_seldom() -> None:
    """Cyclic garbage is rare here, and to look for it stops every answer: the 99th percentile of an accept is a
    third lower now (`bench.accept`). What was made until here lives as long as the process: it is not looked at.

    So what comes and goes must leave no circle behind: one that outlives a first look stays for hours.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
