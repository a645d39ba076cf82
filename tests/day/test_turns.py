"""Conversations about when a turn is over."""

from tests.day.against_golden import at_each_carrier, check, each
from tests.day.conversation import Conversation
from tests.day.turns import TURNS


@at_each_carrier
@each(TURNS)
def test_they_are_answered_when_they_have_finished_and_not_before(
    conversation: Conversation, carrier: str
) -> None:
    check(carrier, conversation)
