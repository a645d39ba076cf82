from typing import Final

import pytest

from voicecalld.call.events import (
    Answered,
    Connected,
    Disconnected,
    EndReason,
    HungUp,
    LegEvent,
    Placed,
    Rang,
)
from voicecalld.call.leg import LEG_TRANSITIONS, Leg, LegState
from voicecalld.ids import ProviderCallId, StreamId

EVENTS: Final[tuple[LegEvent, ...]] = (
    Placed(provider_call_id=ProviderCallId("carrier-1")),
    Rang(),
    Answered(),
    Connected(stream_id=StreamId("stream-1")),
    Disconnected(),
    HungUp(reason=EndReason.COMPLETED),
)


def leg_in(state: LegState) -> Leg:
    leg = Leg()
    leg.state = state
    return leg


@pytest.mark.parametrize("state", LegState)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_taken_as_the_table_says_or_refused_without_effect(
    state: LegState, event: LegEvent
) -> None:
    leg = leg_in(state)

    is_taken = leg.handle(event)

    following = LEG_TRANSITIONS[state].get(type(event))
    assert is_taken == (following is not None)
    assert leg.state is (following or state)


def test_a_call_that_rings_and_is_answered_becomes_connected() -> None:
    leg = Leg()
    states = []

    for event in EVENTS[:4]:
        leg.handle(event)
        states.append(leg.state)

    assert states == [
        LegState.DIALING,
        LegState.RINGING,
        LegState.ANSWERED,
        LegState.CONNECTED,
    ]


@pytest.mark.parametrize("state", [LegState.ANSWERED, LegState.CONNECTED])
def test_a_second_answer_is_no_surprise_and_changes_nothing(state: LegState) -> None:
    leg = leg_in(state)

    assert leg.handle(Answered())
    assert leg.state is state


@pytest.mark.parametrize("state", [LegState.ANSWERED, LegState.CONNECTED, LegState.ENDED])
def test_a_ring_after_the_answer_means_nothing(state: LegState) -> None:
    leg = leg_in(state)

    assert not leg.handle(Rang())
    assert leg.state is state


@pytest.mark.parametrize("state", sorted(set(LegState) - {LegState.ENDED}))
def test_every_living_leg_can_be_hung_up(state: LegState) -> None:
    leg = leg_in(state)

    assert leg.handle(HungUp(reason=EndReason.HANGUP_USER))
    assert leg.state is LegState.ENDED


@pytest.mark.parametrize("state", sorted(set(LegState) - {LegState.NEW, LegState.ENDED}))
def test_the_carriers_name_for_the_call_may_come_late_and_again(state: LegState) -> None:
    leg = leg_in(state)

    assert leg.handle(EVENTS[0])
    assert leg.state is state
