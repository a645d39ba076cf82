"""Every benchmark by its name, in the order of the table."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from tests.bench import (
    barge_in,
    command,
    conversations,
    hang_up,
    journalling,
    media_capacity,
    memory,
    pacing,
    soak,
    start,
    turn,
    under_attack,
    webhook,
)
from tests.bench.figure import Effort, Figure
from tests.bench.media_carriers import CARRIERS

Measure: TypeAlias = Callable[[Effort], Sequence[Figure]]

BENCHMARKS: Mapping[str, Measure] = {
    "turn": turn.measure,
    "barge-in": barge_in.measure,
    "conversations": conversations.measure,
    "hang-up": hang_up.measure,
    "pacing": pacing.measure,
    **{f"media-{name}": partial(media_capacity.measure, name) for name in CARRIERS},
    "memory": memory.measure,
    "command": command.measure,
    "start": start.measure,
    "journal": journalling.measure,
    "webhook": webhook.measure,
    "attack": under_attack.measure,
    "soak": soak.measure,
}
