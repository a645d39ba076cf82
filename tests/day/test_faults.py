"""Conversations in which a service is slow, or fails."""

from tests.day.against_golden import at_each_carrier, check, each
from tests.day.conversation import Conversation
from tests.day.faults import FAULTS


@at_each_carrier
@each(FAULTS)
def test_a_service_that_fails_leaves_nobody_in_silence(
    conversation: Conversation, carrier: str
) -> None:
    check(carrier, conversation)
