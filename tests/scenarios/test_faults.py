"""Calls on a day on which the carrier's network does not work as it should."""

from collections.abc import Mapping

import pytest

from tests.carriers.faults import Answering, Faults
from tests.scenarios.carriers import Carrier, each_carrier
from tests.scenarios.play import Held, Over, Play, Played, Programme, Scene, outbound

# What becomes of an order to place a call, and of the next request about that call.
OBEYED: Mapping[str, Faults] = {
    "429": Faults(dials=(Answering.TOO_MANY,) * 2, updates=(Answering.TOO_MANY,) * 2),
    "429-with-retry-after": Faults(
        dials=(Answering.TOO_MANY,), updates=(Answering.TOO_MANY,), retry_after="1"
    ),
    **{
        name: Faults(dials=(how,), updates=(how,))
        for name, how in {
            "500-though-obeyed": Answering.ERROR,
            "answer-lost": Answering.SILENCE,
            "reset": Answering.RESET,
            "cut-off": Answering.CUT,
            "truncated-json": Answering.BROKEN_JSON,
            "10-MiB": Answering.HUGE,
        }.items()
    },
}
UNAVAILABLE = Faults(dials=(Answering.UNAVAILABLE,))


async def dial_in_vain(scene: Scene) -> Over:
    """Be refused with 503, and call again."""
    scene.carrier.spoil(scene.number, UNAVAILABLE)
    params = {"to": scene.number, "message": "Hello.", "mode": "notify"}
    first = await scene.stage.ask("voicecall.initiate", **params)
    seen = [entry for entry in scene.carrier.ledger.calls if entry.to == scene.number]
    call_id = first.get("callId") or await scene.call("Hello.", mode="notify")
    return await scene.hold(call_id, first=first, seen=len(seen))


def list_plays(row: Carrier) -> Mapping[str, Play]:
    """All faults at once, each on a call of its own."""
    webhooks: Mapping[str, Faults] = {
        "doubled": Faults(webhooks_doubled=True, replies_lost=1),
        "late": Faults(statuses_late_s=0.6, statuses_reordered=True),
        "lost": Faults(statuses_lost=row.dispensable),
    }
    return {
        "unavailable": dial_in_vain,
        **{
            name: outbound("Hello.", mode="notify", faults=faults)
            for name, faults in {**webhooks, **OBEYED}.items()
        },
    }


# Without media streams, on which the network fails in other ways: see `test_streams`.
PROGRAMME = Programme(plays=list_plays, more="streaming.enabled = false")


def check_notified_once(told: Held) -> None:
    """There was one call, on which the message was heard once."""
    assert told.words == [("bot", "Hello.")]
    assert told.call["endReason"] == "hangup-bot"
    assert len(told.entries) == 1
    assert (told.entry.texts, told.entry.cut_texts) == (["Hello."], [])


@pytest.mark.parametrize("how", ["doubled", "late", "lost"])
@each_carrier
def test_webhooks_that_come_twice_late_or_never_change_nothing(how: str, held: Played) -> None:
    check_notified_once(held[how])


@pytest.mark.parametrize("how", OBEYED)
@each_carrier
def test_a_request_that_is_badly_answered_is_obeyed_once(how: str, held: Played) -> None:
    check_notified_once(held[how])


@each_carrier
def test_a_dial_that_is_answered_with_503_is_repeated_only_where_that_is_safe(
    carrier: Carrier, held: Played
) -> None:
    placed = held["unavailable"]

    assert ("callId" in placed.answers["first"]) == carrier.repeats_dials
    assert placed.answers["seen"] == int(carrier.repeats_dials)
    check_notified_once(placed)


@each_carrier
def test_the_carrier_has_nothing_to_complain_of(held: Played) -> None:
    held.check()
