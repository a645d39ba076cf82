"""Conversations that end in different moments."""

from tests.day.against_golden import at_each_carrier, check, each
from tests.day.conversation import Conversation
from tests.day.ends import ENDS


@at_each_carrier
@each(ENDS)
def test_whenever_a_call_ends_what_was_heard_was_said_and_nothing_is_left(
    conversation: Conversation, carrier: str
) -> None:
    check(carrier, conversation)
