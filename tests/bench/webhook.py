"""How long a webhook of the carrier takes until it is answered."""

from collections.abc import Sequence

import trio

from tests.bench.figure import Effort, Figure, distribution, in_ms
from tests.bench.lab import open_lab
from voicecalld.audio.tones import beep
from voicecalld.call.record import Mode

SIDE_BY_SIDE = 5


def measure(effort: Effort) -> Sequence[Figure]:
    """The time from a webhook's arrival to its answer."""
    took_s = trio.run(hold_calls, effort.pick(100, 20, 2))
    return (
        distribution(
            "webhook: arrival to answer",
            "ms",
            in_ms(took_s),
            limit=(
                "Two syncs of the journal, one after the other: what the webhook has changed, and "
                "how it is answered, are on disk before the answer goes out."
            ),
        ),
    )


async def hold_calls(count: int) -> list[float]:
    """How long each webhook of so many short calls took: rang, answered, ended."""
    async with open_lab(
        says={"Hello.": beep(440, 40)}, outbound={"notify_hangup_delay_seconds": 0}
    ) as lab:
        for _ in range(-(-count // SIDE_BY_SIDE)):
            for call in await lab.calls(min(SIDE_BY_SIDE, count), "Hello.", Mode.NOTIFY):
                await lab.wait_gone(call)
        return list(lab.carrier.webhooks_s)
