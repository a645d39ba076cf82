"""How calls end at a carrier that takes commands: at any time, by whomever."""

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.faults import Faults
from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.switchboard.telnyx_office import open_office, post, refuse, verbs
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState, Mode

TABLE = "Your table is ready."
GOODBYE: ScriptedReply = [SayText(text="Good"), SayText(text="bye."), EndCall()]
BYE = {"say": "Bye."}


# --- the end -----------------------------------------------------------------------------


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.5, 1.5, 3.0, 4.0, 8.0])
async def test_we_can_hang_up_at_any_time(after_s: float, autojump_clock: MockClock) -> None:
    agent = ScriptedAgent("It is noon.", delay_s=0.5)

    async with open_office({"say": "What time is it?"}, agent=agent) as office:
        call_id = await office.call()
        await trio.sleep(after_s)
        await office.switchboard.end(call_id)
        record = await office.wait_over(call_id)

    assert record.state is CallState.HANGUP_BOT
    assert verbs(office).count("hangup") == 1
    assert verbs(office)[-1] == "hangup"


@pytest.mark.parametrize("after_ms", [0, 20, 300, 900, 2000, 4000])
@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
async def test_they_can_hang_up_at_any_time(
    mode: Mode, after_ms: int, autojump_clock: MockClock
) -> None:
    hangs_up = {"hang_up": True, "when": "answered", "after_ms": after_ms}

    async with open_office(hangs_up) as office:
        record = await office.hold("Good evening, this is the restaurant.", mode)

    assert record.state in {CallState.HANGUP_USER, CallState.FAILED}
    assert "hangup" not in verbs(office)


async def test_a_command_for_a_call_that_is_over_does_no_harm(autojump_clock: MockClock) -> None:
    hangs_up = {"hang_up": True, "when": "answered", "after_ms": 1000}
    faults = Faults(statuses_late_s=3.0)

    async with open_office(hangs_up, faults=faults) as office:
        with capture_logs() as logs:
            record = await office.hold("Hello.")

    assert record.state is CallState.HANGUP_USER
    assert [line for line in logs if line["log_level"] in {"warning", "error"}] == []


async def test_an_end_that_is_never_reported_is_noticed(autojump_clock: MockClock) -> None:
    hangs_up = {"hang_up": True, "when": "answered", "after_ms": 2000}

    async with open_office(hangs_up, faults=Faults(statuses_lost=("call.hangup",))) as office:
        record = await office.hold("Hello.")

    assert record.state is CallState.HANGUP_USER
    assert "hangup" not in verbs(office)


async def test_late_news_of_a_call_that_is_over_hangs_nothing_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(BYE, agent=ScriptedAgent(GOODBYE)) as office:
        await office.hold()
        before = verbs(office)
        state = "eyJjYWxsIjoiaWQtMSIsInR1cm4iOiIxIn0="  # {"call":"id-1","turn":"1"}
        await post(office, "call.speak.ended", "late", client_state=state, status="completed")
        await trio.sleep(5)

    assert verbs(office) == before


async def test_a_call_that_is_answered_though_it_is_over_here_is_hung_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(callee=build_callee(answers_after_ms=3000)) as office:
        call_id = await office.call()
        refuse(office, "hangup", count=2)
        await trio.sleep(1)
        with pytest.raises(Exception, match="did not confirm"):
            await office.switchboard.end(call_id)
        await office.carrier.settle()

    assert verbs(office) == ["calls", "hangup", "hangup", "hangup"]


@pytest.mark.parametrize("mode", [Mode.NOTIFY, Mode.CONVERSATION])
async def test_a_machine_is_hung_up_on_if_that_is_wanted(
    mode: Mode, autojump_clock: MockClock
) -> None:
    callee = build_callee(behaviour="machine", hang_up_when_done=False)

    async with open_office(callee=callee, outbound={"voicemail": "hang-up"}) as office:
        record = await office.hold(TABLE * 4, mode)

    assert record.state is CallState.VOICEMAIL
    assert verbs(office)[-1] == "hangup"


async def test_a_journal_that_cannot_be_written_ends_the_call(autojump_clock: MockClock) -> None:
    async with open_office({"say": "What time is it?"}) as office:
        call_id = await office.call("Hello there.")
        await office.wait_heard("Hello there.")
        office.journal.refuses = {"call.speech"}
        call = office.switchboard.find(call_id)
        assert call is not None
        await call.over.wait()
        office.journal.refuses = set()
        await office.carrier.settle()

    assert verbs(office)[-1] == "hangup"
