"""What the application lets through to its door, and in which order it looks."""

from collections.abc import AsyncIterator

import pytest
import trio
from quart_trio import QuartTrio
from trio.testing import MockClock

from tests.switchboard.mock_notices import notice
from tests.switchboard.office import open_office
from tests.web.asgi_call import PROOF, Answered, Asked, ask
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.mock.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from voicecalld.switchboard.reception import Reception
from voicecalld.web.app import build_app
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.public_url import PublicUrls
from voicecalld.web.webhooks import WebhookDoor

PUBLIC = "https://voice.example.com/voice/webhook"
LIMITS = EdgeLimits()
PROOFS = ((SIGNATURE_HEADER.encode(), b"s"), (TIMESTAMP_HEADER.encode(), b"1"))


class Desk(Reception):
    """Notes what gets as far as a reception, and answers it in time or later."""

    def __init__(self, real: Reception) -> None:
        super().__init__(real.switchboard, real.carrier, unix_clock=real.unix_clock)
        self.received: list[tuple[Webhook, str]] = []
        self.reply = Reply(content_type="text/xml", body=b"<Response/>")
        self.takes_s = 0.0
        self.cancelled = 0

    async def receive_webhook(self, webhook: Webhook, peer: str = "") -> Reply:
        self.received.append((webhook, peer))
        try:
            await trio.sleep(self.takes_s)
        except trio.Cancelled:
            self.cancelled += 1
            raise
        return self.reply


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_office() as office:
        yield Desk(office.reception)


@pytest.fixture
def app(desk: Desk) -> QuartTrio:
    return build_app(
        [WebhookDoor(desk, "/voice/webhook", PublicUrls(public_url=PUBLIC, address="a:1"))]
    )


async def post(app: QuartTrio, path: bytes = b"/voice/webhook", **more: object) -> Answered:
    asked = Asked(path=path, headers=PROOFS)
    for name, value in more.items():
        setattr(asked, name, value)
    return await ask(app, asked)


async def test_a_webhook_comes_to_the_desk_as_it_was_sent(desk: Desk, app: QuartTrio) -> None:
    answered = await post(app, query=b"callId=a%2Fb&a=+", body=[b"x=%20", b"", b"&y=\xff"])

    ((webhook, _),) = desk.received
    assert webhook.url == f"{PUBLIC}?callId=a%2Fb&a=+"
    assert (webhook.method, webhook.body) == ("POST", b"x=%20&y=\xff")
    assert webhook.headers[SIGNATURE_HEADER] == "s"
    assert (answered.status, answered.body) == (200, b"<Response/>")
    assert answered.headers["content-type"] == "text/xml"


async def test_one_slash_at_the_end_is_tolerated(desk: Desk, app: QuartTrio) -> None:
    answered = await post(app, b"/voice/webhook/")

    assert answered.status == 200
    assert desk.received[0][0].url == f"{PUBLIC}/"


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"*",
        b"http://voice.example.com/voice/webhook",
        b"/voice",
        b"/voice/",
        b"/voice/webhook//",
        b"//voice/webhook",
        b"/voice//webhook",
        b"/voice%2Fwebhook",
        b"/voice%2fwebhook",
        b"/voice/webhoo%6b",
        b"/%76oice/webhook",
        b"/voice/webhook%2F",
        b"/Voice/webhook",
        b"/VOICE/WEBHOOK",
        b"/voice/webhooks",
        b"/voice/webhook.",
        b"/voice/webhook;a=b",
        b"/voice/webhook%20",
        b"/voice/webhook%00",
        b"/voice/./webhook",
        b"/voice/../voice/webhook",
        b"/static/webhook",
        b"/voice/webhook/extra",
        b"/voice/stream",
        "/voice/web\u0127ook".encode(),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_what_only_looks_like_our_path_is_not_found(
    path: bytes, method: str, desk: Desk, app: QuartTrio
) -> None:
    answered = await post(app, path, method=method)

    assert (answered.status, answered.body) == (404, b"Not Found")
    assert desk.received == []
    assert "location" not in answered.headers


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "post", "X"]
)
@pytest.mark.parametrize("path", [b"/voice/webhook", b"/voice/webhook/"])
async def test_nothing_but_a_post_is_allowed(
    method: str, path: bytes, desk: Desk, app: QuartTrio
) -> None:
    answered = await post(app, path, method=method, is_endless=True)

    assert answered.status == 405
    assert answered.headers["allow"] == "POST"
    assert desk.received == []


@pytest.mark.parametrize(
    "headers",
    [
        (),
        PROOFS[:1],
        PROOFS[1:],
        (*PROOFS, PROOFS[0]),
        (*PROOFS, (PROOFS[0][0].upper(), b"another")),
        (*PROOFS, (PROOFS[1][0], b"2")),
    ],
    ids=["none", "no timestamp", "no signature", "twice", "twice, shouted", "two timestamps"],
)
async def test_without_one_signature_it_is_unauthorized_before_the_body_is_there(
    headers: tuple[tuple[bytes, bytes], ...], desk: Desk, app: QuartTrio
) -> None:
    answered = await post(app, headers=headers, body=[], is_endless=True)

    assert (answered.status, answered.body) == (401, b"Unauthorized")
    assert desk.received == []


async def test_a_name_of_a_header_may_be_in_any_case(desk: Desk, app: QuartTrio) -> None:
    shouted = [(name.upper(), value) for name, value in PROOFS]

    assert (await post(app, headers=shouted)).status == 200


async def test_no_signature_is_needed_when_none_is_looked_at(desk: Desk, app: QuartTrio) -> None:
    desk.settings = desk.settings.model_copy(update={"skip_signature_verification": True})

    assert (await post(app, headers=())).status == 200


@pytest.mark.parametrize(("surplus", "status"), [(0, 200), (1, 413)])
async def test_a_body_has_64_kib_and_no_byte_more(
    surplus: int, status: int, desk: Desk, app: QuartTrio
) -> None:
    size = LIMITS.body_bytes + surplus
    parts = [bytes(1000)] * (size // 1000) + [bytes(size % 1000)]

    answered = await post(app, body=parts)

    assert answered.status == status
    assert len(desk.received) == (status == 200)


async def test_a_body_that_announces_too_much_is_refused_before_it_comes(
    desk: Desk, app: QuartTrio
) -> None:
    length = (b"content-length", str(LIMITS.body_bytes + 1).encode())

    answered = await post(app, headers=(*PROOFS, length), body=[], is_endless=True)

    assert (answered.status, answered.body) == (413, b"Request Entity Too Large")
    assert desk.received == []


async def test_a_body_that_does_not_come_in_time_is_given_up(
    desk: Desk, app: QuartTrio, autojump_clock: MockClock
) -> None:
    began_s = trio.current_time()

    answered = await post(app, body=[b"a"], is_endless=True)

    assert (answered.status, answered.body) == (408, b"Request Timeout")
    assert trio.current_time() - began_s == pytest.approx(LIMITS.body_s)
    assert desk.received == []


async def test_an_address_that_asks_too_much_at_once_waits_and_harms_no_other(
    desk: Desk, app: QuartTrio, autojump_clock: MockClock
) -> None:
    desk.takes_s = 10.0
    answers: list[Answered] = []

    async def send() -> None:
        answers.append(await post(app))

    async with trio.open_nursery() as nursery:
        for _ in range(LIMITS.webhooks_per_address):
            nursery.start_soon(send)
        await trio.sleep(1)

        surplus = await post(app, body=[], is_endless=True)
        other = await post(app, client="203.0.113.2")
        other_way = await post(app, client="2001:db8::1")

    again = await post(app)
    assert (surplus.status, surplus.body) == (429, b"Too Many Requests")
    assert other.status == other_way.status == again.status == 200
    assert [answer.status for answer in answers] == [200] * LIMITS.webhooks_per_address


async def test_a_signature_is_looked_for_before_requests_are_counted(
    desk: Desk, app: QuartTrio, autojump_clock: MockClock
) -> None:
    desk.takes_s = 10.0

    async with trio.open_nursery() as nursery:
        for _ in range(LIMITS.webhooks_per_address):
            nursery.start_soon(post, app)
        await trio.sleep(1)

        answered = await post(app, headers=[PROOF])

    assert answered.status == 401


async def test_nobody_is_counted_who_has_gone(desk: Desk, autojump_clock: MockClock) -> None:
    door = WebhookDoor(desk, "/voice/webhook", PublicUrls(public_url=PUBLIC, address="a:1"))
    app = build_app([door])
    desk.takes_s = 60.0

    await ask(app, Asked(headers=PROOFS), gone_after_s=1)

    assert desk.cancelled == 1
    assert not door.in_flight


@pytest.mark.parametrize(
    ("client", "peer", "expected"),
    [
        ("203.0.113.1", "127.0.0.1", "127.0.0.1"),
        ("203.0.113.1", None, "203.0.113.1"),
        (None, None, ""),
    ],
)
async def test_the_desk_is_told_who_is_at_the_other_end_of_the_connection(
    client: str | None, peer: str | None, expected: str, desk: Desk, app: QuartTrio
) -> None:
    await post(app, client=client, peer=peer)

    assert [peer for _, peer in desk.received] == [expected]
    assert [webhook.client for webhook, _ in desk.received] == [client or ""]


async def test_a_proxy_is_believed_by_its_own_address_and_not_by_its_clients(
    desk: Desk,
) -> None:
    urls = PublicUrls(
        public_url="",
        address="127.0.0.1:3334",
        allowed_hosts=("voice.example.com",),
        trusted_proxies=("10.0.0.1",),
    )
    app = build_app([WebhookDoor(desk, "/voice/webhook", urls)])
    says = (*PROOFS, (b"x-forwarded-host", b"voice.example.com"))

    await post(app, headers=says, client="203.0.113.1", peer="10.0.0.1")
    await post(app, headers=says, client="10.0.0.1", peer="203.0.113.1")
    twice = (*says, (b"X-Forwarded-Host", b"evil.example"))
    await post(app, headers=twice, client="203.0.113.1", peer="10.0.0.1")

    assert [webhook.url for webhook, _ in desk.received] == [
        PUBLIC,
        "http://127.0.0.1:3334/voice/webhook",
        "http://127.0.0.1:3334/voice/webhook",
    ]


async def test_a_bug_behind_the_door_fails_one_request_without_telling_why(
    desk: Desk, app: QuartTrio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "reply", None)

    answered = await post(app)

    assert (answered.status, answered.body) == (500, b"Internal Server Error")


async def test_a_genuine_webhook_is_obeyed_once_however_often_it_comes(
    autojump_clock: MockClock,
) -> None:
    async with open_office(inbound_policy="open") as office:
        urls = PublicUrls(public_url=PUBLIC, address="a:1")
        app = build_app([WebhookDoor(office.reception, "/voice/webhook", urls)])
        webhook = notice()
        headers = [(name.encode(), value.encode()) for name, value in webhook.headers.items()]

        first = await post(app, headers=headers, body=[webhook.body])
        again = await post(app, headers=headers, body=[webhook.body])
        forged = await post(app, headers=headers, body=[webhook.body + b" "])

        assert office.switchboard.live_count == 1
    assert first.status == 200
    assert again == first
    assert forged.status == 401
