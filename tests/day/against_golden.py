"""The one test that every conversation gets, at every carrier."""

from collections.abc import Iterable

import pytest

from tests.day.conversation import Conversation
from tests.day.golden import RENEW, compare
from tests.day.play import play
from tests.day.sites import CARRIERS

at_each_carrier = pytest.mark.parametrize("carrier", CARRIERS)


def each(conversations: Iterable[Conversation]) -> pytest.MarkDecorator:
    """One test for each of *conversations*, called as it is."""
    return pytest.mark.parametrize("conversation", conversations, ids=lambda each: each.name)


def check(carrier: str, conversation: Conversation) -> None:
    """Hold *conversation* at *carrier*: it must come out as it did, and nothing must be left."""
    outcome = play(carrier, conversation)

    assert not outcome.wrong, "\n".join(outcome.wrong)
    change = compare(carrier, outcome)
    assert not change, f"if this is better than it was: {RENEW}\n{change}"
