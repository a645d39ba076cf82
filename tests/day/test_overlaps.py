"""Conversations in which both sides are to be heard at once."""

from tests.day.against_golden import at_each_carrier, check, each
from tests.day.conversation import Conversation
from tests.day.overlaps import OVERLAPS


@at_each_carrier
@each(OVERLAPS)
def test_whoever_means_it_interrupts_us_and_nobody_else(
    conversation: Conversation, carrier: str
) -> None:
    check(carrier, conversation)
