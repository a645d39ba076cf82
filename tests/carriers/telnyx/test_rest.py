"""The REST API, judged by Telnyx's own client."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from tests.carriers.callee import Callee, build_callee
from tests.carriers.customer import Customer
from tests.carriers.telnyx.carrier import API_KEY, CONNECTION_ID, SimulatedTelnyx, open_telnyx
from tests.carriers.telnyx.rig import (
    EVENTS_URL,
    FROM,
    STREAM_URL,
    TO,
    ask,
    bodies,
    code_of,
    command,
    dial,
    dial_answered,
    open_rig,
    order,
    wait_event,
    wait_status,
)

LISTENS = build_callee(answers_after_ms=0, hang_up_when_done=False)
CALL = {"connection_id": CONNECTION_ID, "to": TO, "from_": FROM, "webhook_url": EVENTS_URL}
SPEECH = {"payload": "Hi", "voice": "AWS.Polly.Joanna"}


class Sdk:
    """Telnyx's client, which blocks, in a thread."""

    def __init__(self, base_url: str, api_key: str = API_KEY) -> None:
        from telnyx import Telnyx

        url = f"{base_url}/v2"
        self.client = Telnyx(api_key=api_key, base_url=url, max_retries=0)

    async def do(self, work: Callable[[Any], Any]) -> Any:
        """What *work* gives with the client's calls."""
        return await trio.to_thread.run_sync(lambda: work(self.client.calls))

    def close(self) -> None:
        self.client.close()


@asynccontextmanager
async def open_sdk(
    callee: Callee | None = None, api_key: str = API_KEY
) -> AsyncIterator[tuple[SimulatedTelnyx, Sdk, Customer]]:
    customer = Customer()
    async with open_telnyx(callee=callee, outside=customer) as telnyx:
        sdk = Sdk(telnyx.base_url, api_key)
        yield telnyx, sdk, customer
        sdk.close()


async def test_telnyxs_client_places_steers_reads_and_ends_a_call() -> None:
    async with open_sdk(LISTENS) as (telnyx, sdk, customer):
        placed = await sdk.do(
            lambda calls: calls.dial(
                **CALL,
                timeout_secs=30,
                time_limit_secs=600,
                command_id="once",
                client_state="eyJjYWxsIjo0Mn0=",
                answering_machine_detection="premium",
            )
        )
        entry = await telnyx.ledger.wait_call()
        await wait_status(telnyx, entry, "answered")
        call = placed.data.call_control_id
        said = await sdk.do(lambda calls: calls.actions.speak(call, **SPEECH))
        await sdk.do(lambda calls: calls.actions.send_dtmf(call, digits="1w#"))
        await sdk.do(lambda calls: calls.actions.start_transcription(call))
        await sdk.do(lambda calls: calls.actions.stop_transcription(call))
        await sdk.do(lambda calls: calls.actions.gather(call, maximum_digits=1))
        await sdk.do(lambda calls: calls.actions.stop_gather(call))
        await sdk.do(lambda calls: calls.actions.start_streaming(call, stream_url=STREAM_URL))
        await sdk.do(lambda calls: calls.actions.stop_streaming(call))
        await sdk.do(lambda calls: calls.actions.stop_playback(call))
        fetched = await sdk.do(lambda calls: calls.retrieve_status(call))
        await sdk.do(lambda calls: calls.actions.hangup(call))
        await telnyx.settle()
        ended = await sdk.do(lambda calls: calls.retrieve_status(call))
        told: list[Any] = [
            sdk.client.webhooks.unsafe_unwrap(request.body.decode())
            for request in customer.requests
        ]

    telnyx.ledger.check()
    assert (placed.data.is_alive, placed.data.record_type) == (False, "call")
    assert placed.data.client_state == "eyJjYWxsIjo0Mn0="
    assert said.data.result == "ok"
    assert fetched.data.is_alive
    assert fetched.data.end_time is None
    assert not ended.data.is_alive
    assert ended.data.end_time is not None
    assert entry.call == call
    assert all("WebhookEvent" in type(event).__name__ for event in told)
    assert {event.data.event_type for event in told} >= {"call.initiated", "call.hangup"}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"to": "12065550117"}, 422, "10016"),
        ({"from_": "nobody"}, 422, "10016"),
        ({"connection_id": "1"}, 422, "10015"),
        ({"timeout_secs": 4}, 422, "10015"),
        ({"time_limit_secs": 14_401}, 422, "10015"),
        ({"client_state": "not base64!"}, 422, "10015"),
        ({"answering_machine_detection": "yes"}, 422, "10015"),
        ({"webhook_url": "calls.example.test"}, 422, "10015"),
        ({"webhook_url_method": "GET"}, 422, "10015"),
        ({"send_digits_on_answer": "x"}, 422, "10015"),
        ({"stream_url": "https://calls.example.test"}, 422, "10015"),
        ({"stream_url": STREAM_URL, "stream_codec": "L16"}, 422, "10015"),
    ],
)
async def test_a_bad_order_is_refused_in_telnyxs_words(
    changes: dict[str, Any], status: int, code: str
) -> None:
    from telnyx import APIStatusError

    async with open_sdk() as (telnyx, sdk, _):
        with pytest.raises(APIStatusError) as caught:
            await sdk.do(lambda calls: calls.dial(**{**CALL, **changes}))

    errors: Any = caught.value.response.json()["errors"]
    assert (caught.value.status_code, errors[0]["code"]) == (status, code)
    assert errors[0]["source"]["pointer"] == f"/{next(reversed(changes)).rstrip('_')}"
    assert telnyx.ledger.calls == []


@pytest.mark.parametrize("authorization", ["", "Bearer x", f"Basic {API_KEY}", API_KEY])
async def test_the_wrong_secret_opens_nothing(
    autojump_clock: MockClock, authorization: str
) -> None:
    async with open_rig(Customer()) as telnyx:
        response = await ask(telnyx, "POST", "", authorization, to=TO)

    assert code_of(response) == (401, "10009")
    assert telnyx.ledger.calls == []


async def test_the_same_command_id_gives_the_same_call_and_no_second_one(
    autojump_clock: MockClock,
) -> None:
    fields = {"connection_id": CONNECTION_ID, "to": TO, "from": FROM, "webhook_url": EVENTS_URL}

    async with open_rig(Customer(), LISTENS) as telnyx:
        answers = [await ask(telnyx, "POST", "", **fields, command_id="c1") for _ in range(2)]
        other = await ask(telnyx, "POST", "", **fields, command_id="c2")

    once, again, another = (
        json.loads(answer.body)["data"]["call_control_id"] for answer in [*answers, other]
    )
    assert once == again != another
    assert len(telnyx.ledger.calls) == 2


async def test_the_same_command_of_a_call_is_obeyed_once(autojump_clock: MockClock) -> None:
    async with open_rig(Customer(), LISTENS) as telnyx:
        entry = await dial_answered(telnyx)
        for command_id in ("c1", "c1", "c2"):
            await order(telnyx, entry, "speak", **SPEECH, command_id=command_id)
        await wait_event(telnyx, "call.speak.ended", 1)
        await trio.sleep(1)

    assert entry.texts == ["Hi", "Hi"]


@pytest.mark.parametrize(
    "name",
    ["speak", "send_dtmf", "gather", "transcription_start", "streaming_start", "playback_stop"],
)
async def test_a_command_that_comes_too_early_is_refused(
    autojump_clock: MockClock, name: str
) -> None:
    async with open_rig(Customer(), build_callee(answers_after_ms=5000)) as telnyx:
        entry = await dial(telnyx)
        response = await command(telnyx, entry, name, digits="1", **SPEECH)

    assert code_of(response) == (422, "90034")


async def test_a_command_that_comes_too_late_is_refused(autojump_clock: MockClock) -> None:
    async with open_rig(Customer(), LISTENS) as telnyx:
        entry = await dial_answered(telnyx)
        await order(telnyx, entry, "hangup")
        await telnyx.settle()
        answers = [await command(telnyx, entry, "hangup") for _ in range(3)]
        late = await command(telnyx, entry, "speak", **SPEECH)

    assert [code_of(answer) for answer in answers] == [
        (422, "90018"),
        (404, "10005"),
        (422, "90015"),
    ]
    assert code_of(late) == (422, "90018")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v3%3Aunknown/actions/hangup", (404, "10005")),
        ("/CA0/actions/hangup", (422, "90015")),
        ("/v3%3Aunknown/actions/dance", (404, "10005")),
        ("/a/b/c", (404, "10005")),
    ],
)
async def test_what_does_not_exist_is_not_found(
    autojump_clock: MockClock, path: str, code: tuple[int, str]
) -> None:
    async with open_rig(Customer()) as telnyx:
        response = await ask(telnyx, "POST", path)

    assert code_of(response) == code


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("speak", {"payload": "Hi"}),
        ("speak", {"payload": "", "voice": "AWS.Polly.Joanna"}),
        ("speak", {"payload": 3001 * "x", "voice": "AWS.Polly.Joanna"}),
        ("speak", {"payload": "Hi", "voice": "female"}),
        ("send_dtmf", {"digits": "x"}),
        ("send_dtmf", {"digits": "1", "duration_millis": 50}),
        ("transcription_start", {"transcription_engine": "C"}),
        ("transcription_start", {"transcription_tracks": "caller"}),
        ("transcription_start", {"transcription_engine_config": {"interim_results": "yes"}}),
        (
            "transcription_start",
            {"transcription_engine_config": {"transcription_engine": "Deepgram"}},
        ),
        ("transcription_start", {"transcription_engine_config": []}),
        ("gather", {"maximum_digits": 129}),
        ("gather", {"maximum_digits": True}),
        ("streaming_start", {"stream_url": "calls.example.test"}),
        ("streaming_start", {"stream_url": STREAM_URL, "custom_parameters": {"a": "b"}}),
        ("streaming_start", {"stream_url": STREAM_URL, "custom_parameters": [{"name": "a"}]}),
        ("streaming_start", {"stream_url": STREAM_URL, "stream_auth_token": 4001 * "x"}),
        ("answer", {}),
        ("reject", {"cause": "USER_BUSY"}),
    ],
)
async def test_a_bad_command_is_refused(
    autojump_clock: MockClock, name: str, fields: dict[str, Any]
) -> None:
    async with open_rig(Customer(), LISTENS) as telnyx:
        entry = await dial_answered(telnyx)
        response = await command(telnyx, entry, name, **fields)

    assert response.status == 422
    assert entry.texts == []


async def test_parameters_that_telnyx_does_not_have_are_complained_of(
    autojump_clock: MockClock,
) -> None:
    async with open_rig(Customer(), LISTENS) as telnyx:
        entry = await dial_answered(telnyx, ring_secs=10)
        await order(telnyx, entry, "speak", **SPEECH, speed=2)

    assert [complaint.code for complaint in telnyx.ledger.complaints] == [2, 2]


async def test_a_call_without_a_webhook_url_of_its_own_is_reported_to_the_connections(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    async with open_rig(customer, LISTENS) as telnyx:
        telnyx.webhook_url = "https://calls.example.test/app"
        await dial(telnyx, webhook_url="")
        await wait_event(telnyx, "call.answered")

    assert {request.url for request in customer.requests} == {"https://calls.example.test/app"}
    assert len(bodies(customer)) == 2
