"""What the carriers of tests in memory have around them: a customer, a voice, virtual time."""

import trio

from tests.carriers.carrier import Surroundings
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.fakes.voice import ToneVoice

UNIX_S = 1_767_225_600.0


def in_memory(customer: Customer, faults: Faults | None) -> Surroundings:
    """The surroundings of a carrier whose voice takes 40 ms for each character."""
    return Surroundings(
        outside=customer,
        faults=faults,
        voice=ToneVoice(),
        unix_clock=lambda: UNIX_S + trio.current_time(),
    )
