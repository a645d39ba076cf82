"""What goes wrong with the REST API when it is told to."""

import json

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Answering, Faults
from tests.carriers.loopback import Loopback
from tests.carriers.outside import NoAnswerError
from tests.carriers.telnyx.carrier import CONNECTION_ID, open_telnyx
from tests.carriers.telnyx.rig import (
    BEARER,
    EVENTS_URL,
    FROM,
    TO,
    ask,
    command,
    dial,
    open_rig,
    wait_event,
    wait_status,
)
from voicecalld.provider.http import HttpRequest

LISTENS = build_callee(answers_after_ms=0, hang_up_when_done=False)
ORDER = {"connection_id": CONNECTION_ID, "to": TO, "from": FROM, "webhook_url": EVENTS_URL}
SPEECH = {"payload": "Hi", "voice": "AWS.Polly.Joanna"}


async def test_faults_say_which_dials_and_commands_are_obeyed(autojump_clock: MockClock) -> None:
    fates = (Answering.TOO_MANY, Answering.UNAVAILABLE, Answering.ERROR)
    faults = Faults(dials=fates, commands={"speak": fates})

    async with open_rig(Customer(), LISTENS, faults) as telnyx:
        dials = [await ask(telnyx, "POST", "", **ORDER, command_id="c1") for _ in range(4)]
        entry = telnyx.ledger.calls[0]
        await wait_status(telnyx, entry, "answered")
        pressed = await command(telnyx, entry, "send_dtmf", digits="1")
        speaks = [await command(telnyx, entry, "speak", **SPEECH) for _ in range(4)]
        await wait_event(telnyx, "call.speak.ended", 1)

    assert [answer.status for answer in dials] == [429, 503, 500, 200]
    assert dials[0].headers["x-ratelimit-reset"] == "1"
    assert len(telnyx.ledger.calls) == 1
    assert pressed.status == 200
    assert [answer.status for answer in speaks] == [429, 503, 500, 200]
    assert entry.texts == ["Hi", "Hi"]


async def test_an_answer_may_be_slow(autojump_clock: MockClock) -> None:
    async with open_rig(
        Customer(), LISTENS, Faults(dials=(Answering.SLOW,), slow_s=7.0)
    ) as telnyx:
        await dial(telnyx)

    assert trio.current_time() == pytest.approx(7.0)


@pytest.mark.parametrize("how", [Answering.RESET, Answering.CUT])
async def test_an_answer_may_break_though_the_order_is_obeyed(how: Answering) -> None:
    headers = {"Authorization": BEARER, "Content-Type": "application/json"}
    body = json.dumps(ORDER).encode()

    async with open_telnyx(outside=Customer(), faults=Faults(dials=(how,))) as telnyx:
        url = f"{telnyx.base_url}/v2/calls"
        request = HttpRequest(method="POST", url=url, headers=headers, body=body)
        with pytest.raises(NoAnswerError):
            await Loopback().request(request)

    assert len(telnyx.ledger.calls) == 1


async def test_an_answer_may_be_cut_or_far_too_long(autojump_clock: MockClock) -> None:
    faults = Faults(dials=(Answering.BROKEN_JSON, Answering.HUGE))

    async with open_rig(Customer(), LISTENS, faults) as telnyx:
        broken, huge = [await ask(telnyx, "POST", "", **ORDER) for _ in range(2)]

    assert broken.status == huge.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken.body)
    assert len(huge.body) > 10 * 1024 * 1024
