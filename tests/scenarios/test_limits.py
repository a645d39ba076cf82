"""Calls that nobody ends but the clock: all carriers on one daemon."""

from tests.carriers.callee import build_callee
from tests.scenarios.carriers import Carrier, each_carrier
from tests.scenarios.play import Played, Programme, outbound

NOBODY = build_callee(behaviour="no-answer")

PROGRAMME = Programme(
    share_daemon=True,
    plays=lambda _: {"long": outbound("Hello."), "unanswered": outbound("Hello.", NOBODY)},
    more="max_duration_seconds = 2\nring_timeout_ms = 1000",
)


@each_carrier
def test_a_call_that_lasts_too_long_is_ended_by_the_daemon(carrier: Carrier, held: Played) -> None:
    long = held["long"]

    assert long.call["endReason"] == "timeout"
    assert long.entry.lasted_s > 1
    assert carrier.hang_up.format(call=long.entry.call) in long.requests


@each_carrier
def test_a_call_that_rings_too_long_is_given_up(held: Played) -> None:
    assert held["unanswered"].call["endReason"] == "no-answer"


@each_carrier
def test_the_carrier_has_nothing_to_complain_of(held: Played) -> None:
    held.check()
