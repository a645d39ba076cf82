"""What ordinary calls and valid webhooks notice of a thousand hostile connections at once.

The daemon's parts, the mob and the carrier are a process each; the daemon has a processor of its
own if there are two.
"""

import os
from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.media_load import split_processors
from tests.security.siege import MIB, besiege


def measure(effort: Effort) -> Sequence[Figure]:
    """Webhooks, frames and memory under attack, and the same webhooks before it."""
    ours, others = split_processors()
    os.sched_setaffinity(0, others)  # the mob inherits it
    outcome = trio.run(besiege, effort.pick(30, 10, 2), effort.pick(3, 3, 1), ours)
    attacks = sum(outcome.attacks.values())
    return (
        distribution(
            "attack: a webhook before it",
            "ms",
            in_ms(outcome.peace_took_s),
            limit="A connection, an HTTP server, the syncs of the journal.",
        ),
        distribution(
            "attack: a webhook meanwhile",
            "ms",
            in_ms(outcome.took_s),
            goal="p99 < 250",
            limit="Its place in the queue of connections, behind those of the attackers.",
        ),
        distribution(
            "attack: error of the time between two frames",
            "ms",
            in_ms(outcome.errors_s),
            limit="How long the loop is busy with attackers until it comes to a tick.",
        ),
        Figure(
            name="attack: frames lost both ways",
            unit="frames",
            value=outcome.lost,
            n=outcome.frames,
            goal="<= 1 in 3000",
            limit="Nothing is dropped while the other side reads.",
        ),
        Figure(
            name="attack: memory",
            unit="MiB",
            value=outcome.grown_bytes / MIB,
            n=attacks,
            goal="< 32",
            limit="512 visitors at most, who take about 50 KiB each while they are answered.",
        ),
    )
