"""The REST API, judged by Plivo's own client."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import plivo as sdk_of_plivo
import pytest
import trio
from plivo.exceptions import AuthenticationError, ResourceNotFoundError, ValidationError
from plivo.rest import client as sdk_client
from trio.testing import MockClock

from tests.carriers.callee import Callee, build_callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Answering, Faults
from tests.carriers.plivo.carrier import AUTH_ID, AUTH_TOKEN, SimulatedPlivo, open_plivo
from tests.carriers.plivo.rig import (
    CALLS,
    FROM,
    MORE_URL,
    TO,
    VOICE_URL,
    ask,
    ask_call,
    dial,
    open_rig,
)
from tests.carriers.plivo.wire import Warned

WAIT = '<Response><Wait length="60"/></Response>'
LISTENS = build_callee(hang_up_when_done=False)
NOBODY = "00000000-0000-0000-0000-000000000000"


class Sdk:
    """Plivo's client, which blocks, in a thread."""

    def __init__(self, auth_token: str = AUTH_TOKEN) -> None:
        self.client = sdk_of_plivo.RestClient(AUTH_ID, auth_token)

    async def do(self, work: Callable[[Any], Any]) -> Any:
        """What *work* gives with the client."""
        return await trio.to_thread.run_sync(work, self.client)

    def close(self) -> None:
        self.client.session.close()
        self.client.multipart_session.close()


@pytest.fixture
def redirect_sdk(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The client has no setting for its address."""

    def redirect(base_url: str) -> None:
        for name in ("", "_FALLBACK_1", "_FALLBACK_2"):
            monkeypatch.setattr(sdk_client, f"API_VOICE_BASE_URI{name}", f"{base_url}/v1/Account")

    return redirect


@asynccontextmanager
async def open_sdk(
    redirect: Callable[[str], None],
    callee: Callee = LISTENS,
    faults: Faults | None = None,
    auth_token: str = AUTH_TOKEN,
) -> AsyncIterator[tuple[SimulatedPlivo, Sdk]]:
    customer = Customer(voice=[WAIT], more=["<Response><Speak>Hi</Speak></Response>"])
    async with open_plivo(callee=callee, faults=faults, outside=customer) as plivo:
        redirect(plivo.base_url)
        sdk = Sdk(auth_token)
        yield plivo, sdk
        sdk.close()


async def test_plivos_client_places_reads_and_ends_a_call(
    redirect_sdk: Callable[[str], None],
) -> None:
    callee = build_callee(answers_after_ms=0, hang_up_when_done=False)

    async with open_sdk(redirect_sdk, callee) as (plivo, sdk):
        placed = await sdk.do(
            lambda client: client.calls.create(
                from_=FROM,
                to_=TO,
                answer_url=VOICE_URL,
                ring_url=VOICE_URL,
                hangup_url=VOICE_URL,
                ring_timeout=30,
                time_limit=600,
                machine_detection="true",
                machine_detection_url=VOICE_URL,
            )
        )
        entry = await plivo.ledger.wait_call()
        await plivo.ledger.wait_until(lambda: entry.status == "in-progress")
        live = await sdk.do(lambda client: client.live_calls.get(entry.call))
        all_live = await sdk.do(lambda client: client.live_calls.list_ids())
        await sdk.do(lambda client: client.calls.send_digits(entry.call, "12"))
        await plivo.ledger.wait_until(lambda: entry.digits_heard == "12")
        await sdk.do(lambda client: client.calls.delete(entry.call))
        await plivo.ledger.wait_over(entry)
        record = await sdk.do(lambda client: client.calls.get(entry.call))
        listed = await sdk.do(lambda client: client.calls.list())

    assert placed.message == "call fired"
    assert placed.request_uuid == entry.call
    assert (live.call_status, live.to, live.direction) == ("in-progress", TO[1:], "outbound")
    assert list(all_live.calls) == [entry.call]
    assert (record.hangup_cause_code, record.hangup_source) == (4000, "API Request")
    assert [call.call_uuid for call in listed.objects] == [entry.call]
    assert plivo.ledger.complaints == []


async def test_plivos_client_transfers_a_call(redirect_sdk: Callable[[str], None]) -> None:
    callee = build_callee(answers_after_ms=0, hang_up_when_done=False)

    async with open_sdk(redirect_sdk, callee) as (plivo, sdk):
        entry = await dial(plivo)
        await plivo.ledger.wait_until(lambda: entry.status == "in-progress")
        await sdk.do(
            lambda client: client.calls.transfer(entry.call, legs="aleg", aleg_url=MORE_URL)
        )
        await plivo.ledger.wait_until(lambda: entry.texts == ["Hi"])


async def test_plivos_client_cancels_an_order(redirect_sdk: Callable[[str], None]) -> None:
    async with open_sdk(redirect_sdk, build_callee(behaviour="no-answer")) as (plivo, sdk):
        plivo.renames_calls = True
        entry = await dial(plivo)
        order = plivo._rest.calls[entry.call].leg.request_uuid
        await sdk.do(lambda client: client.calls.cancel(order))
        await plivo.ledger.wait_over(entry)

    assert entry.status == "cancel"


async def test_plivos_client_places_a_call_twice_when_the_answer_is_an_error(
    redirect_sdk: Callable[[str], None],
) -> None:
    faults = Faults(dials=(Answering.ERROR,))

    async with open_sdk(redirect_sdk, faults=faults) as (plivo, sdk):
        await sdk.do(lambda client: client.calls.create(FROM, TO, VOICE_URL))

    assert len(plivo.ledger.calls) == 2


async def test_the_wrong_secret_opens_nothing(redirect_sdk: Callable[[str], None]) -> None:
    wrong = "".join(reversed(AUTH_TOKEN))

    async with open_sdk(redirect_sdk, auth_token=wrong) as (plivo, sdk):
        with pytest.raises(AuthenticationError):
            await sdk.do(lambda client: client.calls.create(FROM, TO, VOICE_URL))

    assert plivo.ledger.calls == []


async def test_a_call_that_is_not_there_is_not_found(redirect_sdk: Callable[[str], None]) -> None:
    async with open_sdk(redirect_sdk) as (_, sdk):
        for work in (
            lambda client: client.calls.get(NOBODY),
            lambda client: client.calls.delete(NOBODY),
            lambda client: client.live_calls.get(NOBODY),
            lambda client: client.queued_calls.get(NOBODY),
        ):
            with pytest.raises(ResourceNotFoundError):
                await sdk.do(work)


async def test_a_bad_order_is_refused_as_invalid(redirect_sdk: Callable[[str], None]) -> None:
    async with open_sdk(redirect_sdk) as (_, sdk):
        with pytest.raises(ValidationError):
            await sdk.do(
                lambda client: client.calls.create(FROM, TO, VOICE_URL, ring_timeout=9000)
            )


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ""},
        {"from": ""},
        {"to": "12<13"},
        {"from": "nobody"},
        {"answer_url": ""},
        {"answer_url": "calls.example.test/voice"},
        {"answer_method": "PUT"},
        {"ring_url": "ftp://calls.example.test/"},
        {"ring_timeout": "soon"},
        {"time_limit": 0},
        {"machine_detection": "yes"},
    ],
)
async def test_an_order_that_makes_no_sense_is_refused(
    autojump_clock: MockClock, changes: dict[str, Any]
) -> None:
    order = {"to": TO, "from": FROM, "answer_url": VOICE_URL, **changes}

    async with open_rig(Customer()) as plivo:
        response = await ask(plivo, "POST", **order)

    assert response.status == 400
    assert b'"error"' in response.body
    assert plivo.ledger.calls == []


async def test_numbers_need_no_plus(autojump_clock: MockClock) -> None:
    async with open_rig(Customer(voice=[WAIT]), LISTENS) as plivo:
        entry = await dial(plivo, to=TO[1:], **{"from": FROM[1:]})

    assert (entry.from_, entry.to) == (FROM, TO)


@pytest.mark.parametrize("path", [CALLS[:-1], f"/v2{CALLS[3:]}", CALLS.replace("MA0", "MA1")])
async def test_nothing_is_found_without_the_slash_or_elsewhere(
    autojump_clock: MockClock, path: str
) -> None:
    async with open_rig(Customer()) as plivo:
        response = await ask(plivo, "POST", path, to=TO, **{"from": FROM}, answer_url=VOICE_URL)

    assert response.status == 404
    assert plivo.ledger.calls == []


@pytest.mark.parametrize("authorization", ["", "Basic !", "Basic eA==", "Bearer eA=="])
async def test_what_is_no_basic_authentication_opens_nothing(
    autojump_clock: MockClock, authorization: str
) -> None:
    async with open_rig(Customer()) as plivo:
        response = await ask(plivo, "GET", CALLS, authorization)

    assert response.status == 401


async def test_what_comes_too_early_or_too_late_finds_no_call(autojump_clock: MockClock) -> None:
    callee = build_callee(answers_after_ms=5000, hang_up_when_done=False)

    async with open_rig(Customer(voice=[WAIT]), callee) as plivo:
        entry = await dial(plivo)
        queued = await ask(plivo, "GET", f"{CALLS}{entry.call}/?status=queued")
        waiting = await ask(plivo, "GET", f"{CALLS}?status=queued")
        await trio.sleep(1)
        ringing = await ask(plivo, "GET", f"{CALLS}{entry.call}/?status=live")
        early = await ask_call(plivo, "POST", entry, aleg_url=VOICE_URL)
        pressed = await ask_call(plivo, "POST", entry, "DTMF/", digits="1")
        unfinished = await ask_call(plivo, "GET", entry)
        await ask_call(plivo, "DELETE", entry)
        await plivo.settle()
        late = await ask_call(plivo, "POST", entry, aleg_url=VOICE_URL)
        gone = await ask(plivo, "GET", f"{CALLS}{entry.call}/?status=live")

    answers = (queued, waiting, ringing, early, pressed, unfinished, late, gone)
    assert [answer.status for answer in answers] == [200, 200, 200, 404, 404, 404, 404, 404]
    assert entry.call.encode() in waiting.body
    assert b'"ringing"' in ringing.body


@pytest.mark.parametrize(
    ("below", "fields"),
    [
        ("", {"legs": "aleg"}),
        ("", {"legs": "both", "aleg_url": VOICE_URL}),
        ("DTMF/", {"digits": "1x"}),
        ("DTMF/", {"digits": 1}),
        ("DTMF/", {"digits": "1", "leg": "bleg"}),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(
    autojump_clock: MockClock, below: str, fields: dict[str, Any]
) -> None:
    async with open_rig(Customer(voice=[WAIT]), LISTENS) as plivo:
        entry = await dial(plivo)
        await trio.sleep(1)
        response = await ask_call(plivo, "POST", entry, below, **fields)

    assert response.status == 400


async def test_parameters_that_plivo_does_not_have_are_complained_of(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(Customer()) as plivo:
        await dial(plivo, answer="https://calls.example.test/", Ring=1)

    codes = [complaint.code for complaint in plivo.ledger.complaints]
    assert codes == [Warned.BAD_PARAMETER, Warned.BAD_PARAMETER]


async def test_faults_say_which_requests_are_obeyed(autojump_clock: MockClock) -> None:
    faults = Faults(
        dials=(Answering.TOO_MANY, Answering.UNAVAILABLE, Answering.ERROR),
        updates=(Answering.BROKEN_JSON,),
        fetches=(Answering.HUGE,),
    )
    order = {"to": TO, "from": FROM, "answer_url": VOICE_URL}

    async with open_rig(Customer(voice=[WAIT]), LISTENS, faults) as plivo:
        answers = [await ask(plivo, "POST", **order) for _ in range(4)]
        entry = plivo.ledger.calls[-1]
        await trio.sleep(1)
        broken = await ask_call(plivo, "POST", entry, "DTMF/", digits="1")
        huge = await ask(plivo, "GET", f"{CALLS}?status=live")

    assert [answer.status for answer in answers] == [429, 503, 500, 201]
    assert len(plivo.ledger.calls) == 2
    assert broken.status == 202
    assert not broken.body.endswith(b"}")
    assert len(huge.body) > 10 * 1024 * 1024
    assert plivo.ledger.requests[-2:] == [f"POST {entry.call}/DTMF: 202", "GET Call: 200"]
