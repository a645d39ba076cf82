"""What becomes of events on their way to the customer."""

import json

from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.telnyx.rig import (
    bodies,
    dial,
    dial_answered,
    events,
    open_rig,
    order,
    wait_event,
)

LISTENS = build_callee(hang_up_when_done=False)


async def test_events_get_lost_and_out_of_order_when_they_are_told_to(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    faults = Faults(statuses_reordered=True, statuses_lost={"call.hangup"})

    async with open_rig(customer, LISTENS, faults) as telnyx:
        await dial(telnyx, time_limit_secs=30)
        await telnyx.settle()

    assert events(customer) == ["call.answered", "call.initiated"]


async def test_a_doubled_event_has_the_same_id(autojump_clock: MockClock) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS, Faults(webhooks_doubled=True)) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    ids = [data["id"] for data in bodies(customer)]
    assert len(ids) == 6
    assert len(set(ids)) == 3


async def test_an_event_that_is_not_taken_comes_again_with_the_same_id(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()
    customer.unreachable = customer.unwilling = 1

    async with open_rig(customer, LISTENS) as telnyx:
        entry = await dial(telnyx)
        await wait_event(telnyx, "call.answered")
        await order(telnyx, entry, "hangup")
        await telnyx.settle()

    tries = [json.loads(request.body) for request in customer.requests[:3]]
    assert [found["meta"]["attempt"] for found in tries] == [1, 2, 3]
    assert len({found["data"]["id"] for found in tries}) == 1
    assert [int(request.headers["telnyx-timestamp"]) for request in customer.requests[:3]] == [
        1_767_225_600,
        1_767_225_601,
        1_767_225_603,
    ]
    telnyx.ledger.check()


async def test_an_event_that_is_never_taken_is_complained_of(autojump_clock: MockClock) -> None:
    customer = Customer()
    customer.unreachable = 4

    async with open_rig(customer, build_callee(behaviour="busy")) as telnyx:
        await dial(telnyx)
        await telnyx.settle()

    assert [complaint.code for complaint in telnyx.ledger.complaints] == [1]
    assert events(customer)[-1] == "call.hangup"
