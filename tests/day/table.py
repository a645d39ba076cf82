"""The conversations of the day, by their names."""

from collections.abc import Mapping
from typing import Final

from tests.day.conversation import Conversation
from tests.day.ends import ENDS
from tests.day.faults import FAULTS
from tests.day.overlaps import OVERLAPS
from tests.day.turns import TURNS

ALL: Final = (*TURNS, *OVERLAPS, *FAULTS, *ENDS)
CONVERSATIONS: Final[Mapping[str, Conversation]] = {each.name: each for each in ALL}
assert len(CONVERSATIONS) == len(ALL), "two conversations of one name"
