"""What a call is called when the carrier names the order first, and the call later."""

import pytest
from trio.testing import MockClock

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.journalling import make_record
from tests.switchboard.office import open_office
from tests.switchboard.stream_by_hand import RINGS
from voicecalld.call.events import CallEvent, Placed
from voicecalld.call.record import Entry
from voicecalld.ids import ProviderCallId
from voicecalld.provider.mock import MockProvider
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.placing import Placing
from voicecalld.switchboard.services import CarrierAccess

ORDER, NAMED = ProviderCallId("mock-order"), ProviderCallId("mock-named")


class Nameless:
    """A call of which nobody has a name yet, and what is written of it."""

    def __init__(self) -> None:
        self.written = list[Entry]()
        self.told: list[CallEvent] = []
        links = Links(webhook_url="", stream_url="")
        provider = MockProvider(key=b"")
        access = CarrierAccess(provider=provider, link=ScriptedLink(None), links=links)
        self.leg = CarrierLeg(access, None)
        record = make_record("id-1", provider_call_id=None)
        notes = Notes(record, self.written.append, lambda: 0.0)
        self.placing = Placing(notes, self.leg, self.told.append)

    @property
    def names(self) -> list[str | None]:
        """The names under which the call was written down."""
        return [entry.record.provider_call_id for entry in self.written]


def test_a_call_that_was_named_like_its_order_gets_its_own_name_when_it_is_reported() -> None:
    call = Nameless()
    call.placing.name(ORDER)
    call.placing.on_placed(ORDER)
    was_reported = call.leg.has_reported

    call.placing.learn(NAMED, ORDER)
    call.placing.learn(NAMED, ORDER)

    assert (was_reported, call.leg.has_reported) == (False, True)
    assert call.leg.call == NAMED
    assert call.names == [ORDER, NAMED]
    assert call.told == [Placed(provider_call_id=ORDER)]


def test_a_report_that_comes_before_the_answer_to_the_dial_names_the_call_for_good() -> None:
    call = Nameless()

    call.placing.learn(NAMED, ORDER)
    call.placing.name(ORDER)
    call.placing.on_placed(NAMED)

    assert call.leg.call == NAMED
    assert call.names == [NAMED]


def test_a_name_that_comes_before_the_call_knows_that_it_is_placed_is_its_only_one() -> None:
    call = Nameless()
    call.placing.name(ORDER)

    call.placing.learn(NAMED, ORDER)
    call.placing.on_placed(ORDER)

    assert call.leg.call == NAMED
    assert call.names == [NAMED]


@pytest.mark.parametrize("placed_as", [None, NAMED, ProviderCallId("mock-third")])
def test_another_order_names_nothing(placed_as: ProviderCallId | None) -> None:
    call = Nameless()
    call.placing.name(ORDER)
    call.placing.on_placed(ORDER)

    call.placing.learn(NAMED, placed_as)

    assert call.leg.call == ORDER
    assert call.names == [ORDER]


async def test_a_renamed_call_is_found_by_its_new_name_and_hung_up_under_it(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await office.call()
        call = office.switchboard.find(call_id)
        assert call is not None
        call.learn_provider_id(NAMED, call.carrier.call)

        assert office.switchboard.find(NAMED) is call
        await office.switchboard.end(call_id)

    assert office.link.requests[-1].url.endswith(f"/{NAMED}")
    assert office.journal.latest()[call_id].provider_call_id == NAMED
