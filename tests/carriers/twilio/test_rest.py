"""The REST API, judged by Twilio's own client."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.carriers.callee import Callee, build_callee
from tests.carriers.customer import Customer
from tests.carriers.faults import Answering, Faults
from tests.carriers.twilio.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedTwilio, open_twilio
from tests.carriers.twilio.rig import FROM, TO, VOICE_URL, ask, open_rig
from voicecalld.ids import ProviderCallId
from voicecalld.provider.twilio import TwilioProvider
from voicecalld.switchboard.carrier_leg import CarrierLeg
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.services import CarrierAccess

P = "<Pause length='60'/></Response>"
PAUSE = f"<Response>{P}"


class Sdk:
    """Twilio's client, which blocks, in a thread."""

    def __init__(self, base_url: str, auth_token: str = AUTH_TOKEN) -> None:
        self.client = Client(ACCOUNT_SID, auth_token)
        self.client.api.base_url = base_url

    async def do(self, work: Callable[[Any], Any]) -> Any:
        """What *work* gives with the client's calls."""
        return await trio.to_thread.run_sync(lambda: work(self.client.calls))

    def close(self) -> None:
        self.client.http_client.session.close()


@asynccontextmanager
async def open_sdk(
    callee: Callee | None = None, auth_token: str = AUTH_TOKEN
) -> AsyncIterator[tuple[SimulatedTwilio, Sdk]]:
    async with open_twilio(callee=callee, outside=Customer(voice=[PAUSE])) as twilio:
        sdk = Sdk(twilio.base_url, auth_token)
        yield twilio, sdk
        sdk.close()


async def test_twilios_client_places_reads_redirects_and_ends_a_call() -> None:
    async with open_sdk(build_callee(answers_after_ms=0)) as (twilio, sdk):
        placed = await sdk.do(
            lambda calls: calls.create(
                to=TO,
                from_=FROM,
                url=VOICE_URL,
                timeout=30,
                time_limit=600,
                status_callback=VOICE_URL,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                machine_detection="Enable",
                async_amd="true",
                async_amd_status_callback=VOICE_URL,
            )
        )
        entry = await twilio.ledger.wait_call()
        await twilio.ledger.wait_until(lambda: entry.status == "in-progress")
        fetched = await sdk.do(lambda calls: calls(placed.sid).fetch())
        await sdk.do(lambda calls: calls(placed.sid).update(twiml="<Response><Say>Hi</Say>" + P))
        await twilio.ledger.wait_until(lambda: entry.texts == ["Hi"])
        ended = await sdk.do(lambda calls: calls(placed.sid).update(status="completed"))
        await twilio.ledger.wait_over(entry)
        listed = await sdk.do(lambda calls: calls.list(to=TO, limit=5))

    assert (placed.status, placed.direction, placed.to, placed._from) == (
        "queued",
        "outbound-api",
        TO,
        FROM,
    )
    assert (fetched.status, fetched.end_time) == ("in-progress", None)
    assert fetched.start_time is not None
    assert ended.sid == placed.sid == entry.call
    assert [(call.sid, call.status) for call in listed] == [(placed.sid, "completed")]
    assert listed[0].end_time is not None


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"to": ""}, 400, 21201),
        ({"from_": ""}, 400, 21213),
        ({"to": "+12"}, 201, None),
        ({"to": "12065550117"}, 400, 21211),
        ({"from_": "nobody"}, 400, 21212),
        ({"url": ""}, 400, 21205),
        ({"url": "calls.example.test/voice"}, 400, 21205),
        ({"url": "", "twiml": 4001 * "x"}, 400, 21624),
        ({"status_callback": "https://my_host.test/"}, 400, 21609),
        ({"timeout": 601}, 400, 20001),
        ({"machine_detection": "Yes"}, 400, 20001),
    ],
)
async def test_a_bad_order_is_refused_in_twilios_words(
    changes: dict[str, Any], status: int, code: int | None
) -> None:
    order = {"to": TO, "from_": FROM, "url": VOICE_URL, **changes}

    async with open_sdk() as (_, sdk):
        if code is None:
            await sdk.do(lambda calls: calls.create(**order))
            return
        with pytest.raises(TwilioRestException) as caught:
            await sdk.do(lambda calls: calls.create(**order))

    assert (caught.value.status, caught.value.code) == (status, code)


async def test_the_wrong_secret_opens_nothing() -> None:
    async with open_sdk(auth_token="".join(reversed(AUTH_TOKEN))) as (twilio, sdk):
        with pytest.raises(TwilioRestException) as caught:
            await sdk.do(lambda calls: calls("CA" + 32 * "0").fetch())

    assert (caught.value.status, caught.value.code) == (401, 20003)
    assert twilio.ledger.calls == []


@pytest.mark.parametrize("authorization", ["", "Basic !", "Basic eA==", "Bearer eA=="])
async def test_what_is_no_basic_authentication_opens_nothing(
    autojump_clock: MockClock, authorization: str
) -> None:
    async with open_rig(Customer()) as twilio:
        response = await ask(twilio, "GET", ".json", authorization)

    assert response.status == 401


async def test_an_update_that_comes_too_early_or_too_late_is_refused(
    autojump_clock: MockClock,
) -> None:
    customer = Customer(voice=[PAUSE])

    async with open_rig(customer, build_callee(answers_after_ms=5000)) as twilio:
        await ask(twilio, "POST", ".json", To=TO, From=FROM, Url=VOICE_URL)
        call = f"/{twilio.ledger.calls[0].call}.json"
        early = await ask(twilio, "POST", call, Twiml=PAUSE)
        await trio.sleep(6)
        cancelled = await ask(twilio, "POST", call, Status="canceled")
        await ask(twilio, "POST", call, Status="completed")
        await twilio.settle()
        late = await ask(twilio, "POST", call, Url=VOICE_URL)
        over = await ask(twilio, "POST", call, Status="completed")
        gone = await ask(twilio, "POST", call, Status="completed")
        unknown = await ask(twilio, "GET", "/CA" + 32 * "0" + ".json")

    answers = (early, cancelled, late, over, gone, unknown)
    assert [answer.status for answer in answers] == [400, 400, 400, 400, 404, 404]
    assert b"21220" in early.body
    assert b"21220" in late.body
    assert b"21220" in over.body
    assert b"20404" in gone.body


async def test_whichever_way_it_refuses_to_end_a_call_that_is_over_we_count_it_as_hung_up(
    autojump_clock: MockClock,
) -> None:
    provider = TwilioProvider(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        api_base_url="https://api.twilio.com",
        region="us1",
        language="en-US",
        voice="",
    )

    async with open_rig(Customer(voice=[PAUSE])) as twilio:
        await ask(twilio, "POST", ".json", To=TO, From=FROM, Url=VOICE_URL)
        links = Links(webhook_url="", stream_url="")
        access = CarrierAccess(provider=provider, link=twilio, links=links)
        leg = CarrierLeg(access, None)
        leg.call = ProviderCallId(twilio.ledger.calls[0].call)
        await leg.hang_up()
        await twilio.settle()
        await leg.hang_up()
        await leg.hang_up()

    updates = [what for what in twilio.ledger.requests if leg.call in what]
    assert [what[-3:] for what in updates] == ["200", "400", "404"]


async def test_parameters_that_twilio_does_not_have_are_complained_of(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(Customer()) as twilio:
        order = {"To": TO, "From": FROM, "Url": VOICE_URL}
        await ask(
            twilio, "POST", ".json", **order, StatusCallbackEvent="initiated ringing", Ring=1
        )

    assert [complaint.code for complaint in twilio.ledger.complaints] == [21626, 21626]


async def test_faults_say_which_dials_are_obeyed(autojump_clock: MockClock) -> None:
    faults = Faults(dials=(Answering.TOO_MANY, Answering.UNAVAILABLE, Answering.ERROR))

    async with open_rig(Customer(), faults=faults) as twilio:
        order = {"To": TO, "From": FROM, "Url": VOICE_URL}
        answers = [await ask(twilio, "POST", ".json", **order) for _ in range(4)]

    assert [answer.status for answer in answers] == [429, 503, 500, 201]
    assert len(twilio.ledger.calls) == 2
