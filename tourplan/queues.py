"""How long people wait at a counter: Erlang's delay formula."""

from __future__ import annotations


def erlang_c(servers: int, load: float) -> float | None:
    """The share of people who wait when ``servers`` counters are offered ``load``; ``None``: all.

    That of a queue where people come at random, one at a time (M/M/c), once it is settled: A. K.
    Erlang, « Løsning af nogle Problemer fra Sandsynlighedsregningen af Betydning for de automatiske
    Telefoncentraler », Elektroteknikeren 13, 1917; L. Kleinrock, Queueing Systems, volume I, Wiley,
    1975, section 3.5. Worked out by the recursion on Erlang's loss formula, which no factorial
    overflows.

    Args:
        servers: counters open together.
        load: how many of them would be busy all the time: arrivals times the mean length of a
            visit (erlangs).

    Returns:
        ``None`` where the load is not below what the counters hold: the queue only grows.
    """
    if load >= servers:
        return None
    lost = 1.0
    for counter in range(1, servers + 1):
        lost = load * lost / (counter + load * lost)
    return servers * lost / (servers - load * (1 - lost))


def mean_wait_s(servers: int, load: float, visit_s: float) -> float | None:
    """Seconds that people wait on average before their turn; ``None`` where the queue only grows.

    ``visit_s``: mean length of a visit. Kleinrock, as for ``erlang_c``.
    """
    waiting = erlang_c(servers, load)
    return None if waiting is None else waiting * visit_s / (servers - load)
