"""The webhooks of a call: which are tried again, and what goes wrong with them on purpose."""

from trio.testing import MockClock

from tests.carriers.customer import Customer
from tests.carriers.faults import Faults
from tests.carriers.plivo.rig import dial, open_rig, reports, say
from tests.carriers.plivo.wire import Warned


def answer_voice(document: str) -> Customer:
    return Customer(voice=[document])


async def test_a_document_that_does_not_come_in_time_is_asked_for_again_with_a_new_nonce(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    customer.answers_after_s = 41.0

    async with open_rig(customer) as plivo:
        entry = await dial(plivo, ring_url=None)
        await plivo.ledger.wait_until(lambda: len(customer.requests) == 2)
        customer.answers_after_s = 0.0
        await plivo.settle()

    once, again = plivo.ledger.webhooks_of(entry.call, "asks")
    assert (once.status, once.url, once.fields) == (0, again.url, again.fields)
    assert once.token != again.token
    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.NO_DOCUMENT]


async def test_a_customer_that_is_away_for_a_moment_is_asked_once_more(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))
    customer.unreachable = 1

    async with open_rig(customer) as plivo:
        entry = await dial(plivo, ring_url=None)
        await plivo.settle()

    assert entry.texts == ["Hello."]
    plivo.ledger.check()


async def test_a_call_whose_document_nobody_gives_is_over(autojump_clock: MockClock) -> None:
    customer = answer_voice(say("Hello."))
    customer.unreachable = 2

    async with open_rig(customer) as plivo:
        entry = await dial(plivo, ring_url=None)
        await plivo.settle()

    assert entry.texts == []
    assert customer.webhooks[-1][1]["HangupCauseName"] == "Error Reaching Answer URL"
    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.NO_DOCUMENT]


async def test_reports_get_lost_and_out_of_order_when_they_are_told_to(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, faults=Faults(statuses_reordered=True)) as plivo:
        await dial(plivo)
        await plivo.settle()
        plivo.faults = Faults(statuses_lost={"Ring"})
        await dial(plivo)
        await plivo.settle()

    events = [event for event, _ in reports(customer)]
    assert events == ["Hangup", "Ring", "Hangup"]


async def test_doubled_webhooks_have_nonces_of_their_own_and_must_be_answered_alike(
    autojump_clock: MockClock,
) -> None:
    customer = Customer(voice=["<Response/>", say("Who is there?")])

    async with open_rig(customer, faults=Faults(webhooks_doubled=True)) as plivo:
        entry = await dial(plivo)
        await plivo.settle()

    once, again = plivo.ledger.webhooks_of(entry.call, "asks")
    assert once.token != again.token
    assert once.fields == again.fields
    assert [complaint.code for complaint in plivo.ledger.complaints] == [Warned.NO_DOCUMENT]


async def test_a_document_whose_first_answer_got_lost_is_asked_for_again(
    autojump_clock: MockClock,
) -> None:
    customer = answer_voice(say("Hello."))

    async with open_rig(customer, faults=Faults(replies_lost=1)) as plivo:
        entry = await dial(plivo)
        await plivo.settle()

    assert entry.texts == ["Hello."]
    assert len(plivo.ledger.webhooks_of(entry.call, "asks")) == 2
