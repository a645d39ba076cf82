"""Whoever is answered may rely on it: what the answer says is on disk at that moment.

The journal of these tests has on disk only what somebody has waited for.
"""

import trio
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import Office, open_office
from tests.switchboard.test_inbound import caller
from voicecalld.ids import CallId
from voicecalld.provider.http import Reply, Webhook

QUIET = {"silence_timeout_seconds": 0}


async def talking(office: Office) -> CallId:
    call_id = await office.call("Hello.")
    await office.wait_for("call.speech")
    return call_id


def texts_on_disk(office: Office) -> list[str]:
    said = [entry.utterance for entry in office.journal.on_disk]
    return [utterance.text for utterance in said if utterance is not None]


async def test_a_call_that_was_placed_is_on_disk(autojump_clock: MockClock) -> None:
    async with open_office(phone={}) as office:
        await office.call()

        assert office.journal.events_on_disk == ["call.initiated", "call.placed"]


async def test_a_call_is_on_disk_before_it_is_dialled(autojump_clock: MockClock) -> None:
    async with open_office(phone={}) as office, trio.open_nursery() as nursery:
        office.link.hangs = True
        nursery.start_soon(office.call)
        await trio.sleep(1)

        assert office.link.methods == ["POST"]
        assert office.journal.events_on_disk == ["call.initiated"]
        nursery.cancel_scope.cancel()


async def test_a_reply_is_on_disk(autojump_clock: MockClock) -> None:
    phone = {"steps": [{"say": "Yes, please."}], "hang_up_when_done": False}

    async with open_office(phone=phone, hears=("yes please",), turn=QUIET) as office:
        call_id = await office.call("")
        await office.wait_for("call.listening")
        await office.switchboard.continue_call(call_id, "Shall I keep the table?")

        assert texts_on_disk(office) == ["Shall I keep the table?", "yes please"]


async def test_words_that_were_spoken_are_on_disk(autojump_clock: MockClock) -> None:
    async with open_office(phone={}) as office:
        call_id = await talking(office)
        await office.switchboard.speak(call_id, "Your table is ready.")

        assert texts_on_disk(office) == ["Hello.", "Your table is ready."]


async def test_keys_that_were_pressed_are_on_disk(autojump_clock: MockClock) -> None:
    async with open_office(phone={}) as office:
        call_id = await talking(office)
        await office.switchboard.press(call_id, "12#")

        assert office.journal.events_on_disk[-1] == "call.dtmf"


async def test_a_call_that_is_over_is_on_disk_as_such(autojump_clock: MockClock) -> None:
    async with open_office(phone={"hangs_up_after_ms": 4000}) as office:
        call = office.switchboard.find(await office.call("Hello."))
        assert call is not None
        await call.over.wait()

        assert office.journal.events_on_disk[-1] == "call.ended"


async def test_what_a_webhook_tells_is_on_disk_when_it_is_answered(
    autojump_clock: MockClock,
) -> None:
    seen: list[list[str]] = []
    async with open_office(inbound_policy="open", agent=ScriptedAgent("Yes.")) as office:
        receive = office.reception.receive_webhook

        async def tap(webhook: Webhook, peer: str = "") -> Reply:
            reply = await receive(webhook)
            seen.append(office.journal.events_on_disk)
            return reply

        office.reception.receive_webhook = tap  # type: ignore[method-assign]  # a wire tap
        await office.exchange.ring(caller())

    assert seen[0][:2] == ["call.initiated", "call.ringing"]


async def test_a_refusal_is_on_disk_when_the_caller_is_refused(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        await office.exchange.ring(caller())

        assert office.journal.events_on_disk == ["call.ended"]
