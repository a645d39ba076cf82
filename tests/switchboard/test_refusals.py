"""A call whose webhooks are all refused says so at its end; and no other does."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.carriers.telnyx.carrier import API_KEY, CONNECTION_ID
from tests.carriers.telnyx.postman import render_public_key
from tests.carriers.telnyx.wire import WEBHOOK_UNTAKEN
from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.able_carrier import CALL, DONE, ORDER, leg_over
from tests.switchboard.carrier_office import Office
from tests.switchboard.telnyx_office import open_office
from voicecalld.call.record import CallState
from voicecalld.provider.http import Webhook
from voicecalld.provider.mock import MockProvider
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.refusals import Refusals
from voicecalld.switchboard.services import CarrierAccess

OTHER_ACCOUNT = {
    "api_key": API_KEY,
    "public_key": render_public_key(Ed25519PrivateKey.from_private_bytes(b"o" * 32)),
    "connection_id": CONNECTION_ID,
}
WRONG = "the signature is wrong; check telnyx.public_key"


async def forge(office: Office) -> None:
    """Have a webhook refused that nobody has signed."""
    webhook = Webhook(method="POST", url="https://a.test/", headers={}, body=b"")
    assert (await office.reception.receive_webhook(webhook)).status == 401


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ((), ""),
        (("late",), "1 webhook for plivo was refused meanwhile: late"),
        (("late", "wrong"), "2 webhooks for plivo were refused meanwhile: wrong"),
    ],
)
def test_what_was_refused_is_counted_from_a_moment_on_and_the_latest_reason_is_told(
    reasons: tuple[str, ...], told: str
) -> None:
    refusals = Refusals()
    refusals.note("before")
    before = refusals.count

    for reason in reasons:
        refusals.note(reason)

    assert refusals.describe_since(before, "plivo") == told


async def test_with_a_wrong_key_the_end_of_a_call_says_that_its_webhooks_were_refused(
    autojump_clock: MockClock,
) -> None:
    with capture_logs() as logged:
        # Of the events initiated, answered and hangup.
        async with open_office(complaints=(WEBHOOK_UNTAKEN,) * 3, telnyx=OTHER_ACCOUNT) as office:
            record = await office.hold()

    assert record.state is CallState.NO_ANSWER
    assert record.end_cause is not None
    assert record.end_cause.endswith(f" webhooks for telnyx were refused meanwhile: {WRONG}")
    assert office.journal.entries[-1].details["cause"] == record.end_cause
    begun, over = (
        next(entry for entry in logged if entry["event"] == event)
        for event in ("call begins", "call over")
    )
    assert (begun["provider"], over["provider"]) == ("telnyx", "telnyx")
    assert over["cause"] == record.end_cause


async def test_a_call_that_the_carrier_reports_is_not_explained_by_what_strangers_send(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call()
        await forge(office)
        await office.wait_for("call.answered")
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert office.reception.carrier.refusals.count == 1
    assert record.end_cause is None


@pytest.mark.parametrize(
    ("named", "is_dial_unanswered", "has_reported", "is_told"),
    [
        (True, False, False, True),
        (False, True, False, True),  # there may be a call
        (False, False, False, False),  # there is none
        (True, False, True, False),
    ],
)
def test_only_the_silence_of_a_call_that_there_may_be_is_explained(
    *, named: bool, is_dial_unanswered: bool, has_reported: bool, is_told: bool
) -> None:
    leg = leg_over(ScriptedLink(DONE))
    leg.call = CALL if named else None
    leg.is_dial_unanswered = is_dial_unanswered
    leg.has_reported = has_reported

    leg.refusals.note("late")

    assert bool(leg.explain_silence()) == is_told


def test_what_was_refused_before_a_call_began_has_nothing_to_do_with_it() -> None:
    links = Links(webhook_url="", stream_url="")
    access = CarrierAccess(provider=MockProvider(key=b"key"), link=ScriptedLink(DONE), links=links)
    access.refusals.note("late")
    leg = CarrierLeg(access, ORDER)
    leg.call = CALL

    assert leg.explain_silence() == ""
