"""Everything at once, on a daemon in a process of its own: calls and webhooks go on as before."""

from tests.bench.figure import in_ms, percentile
from tests.security.mob import CROWDS
from tests.security.siege import MIB, besiege

LASTS_S = 6.0
CALLS = 6


async def test_calls_and_webhooks_go_on_while_everybody_attacks() -> None:
    outcome = await besiege(LASTS_S, CALLS)

    took_ms = in_ms(outcome.took_s)
    print(  # noqa: T201 - how fast it is depends on the machine: the benchmarks tell
        f"{len(took_ms)} webhooks, p50 {percentile(took_ms, 0.50):.0f} ms, "
        f"p99 {percentile(took_ms, 0.99):.0f} ms; {outcome.grown_bytes / MIB:.0f} MiB more; "
        f"{outcome.lost} of {outcome.frames} frames lost; {dict(outcome.attacks)}"
    )
    assert outcome.frames > 3000
    assert outcome.lost * 3000 <= outcome.frames
    assert outcome.grown_bytes < 32 * MIB
    assert outcome.statuses == {200}
    assert {name for name, times in outcome.attacks.items() if times} == CROWDS.keys()
    assert outcome.attacks["silent"] >= 1000
