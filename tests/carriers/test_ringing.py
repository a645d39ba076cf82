"""When the simulated carriers let somebody call the daemon, and with which keys Telnyx signs."""

import base64
import sys

import pytest
import trio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from trio.testing import MockClock

from tests.carriers.outside import NoAnswerError
from tests.carriers.program import wait_to_ring
from tests.carriers.telnyx.__main__ import main, parse_private_key
from tests.carriers.telnyx.carrier import DEMO_PRIVATE_KEY
from tests.carriers.telnyx.postman import render_public_key
from voicecalld.provider.http import HttpRequest, HttpResponse

URL = "https://calls.example.test/voice/webhook"
OTHER_KEY = base64.b64encode(bytes(range(32))).decode()


class Customer:
    """A server that answers with one status after the other; None: it cannot be reached."""

    def __init__(self, *statuses: int | None) -> None:
        self.statuses = [*statuses]
        self.requests: list[HttpRequest] = []

    async def request(self, request: HttpRequest) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        self.requests.append(request)
        status = self.statuses.pop(0)
        if status is None:
            raise NoAnswerError("connection refused", connected=False)
        return HttpResponse(status=status)


async def test_nobody_rings_before_the_webhook_url_answers(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    customer = Customer(None, 502, None, 405)

    await wait_to_ring(URL, customer.request, None)

    assert customer.statuses == []
    assert {(request.method, request.url) for request in customer.requests} == {("GET", URL)}
    assert trio.current_time() == 1.0
    assert capsys.readouterr().out == (
        f"Waiting for {URL} to answer; --ring-after SECONDS would ring all the same\n"
    )


async def test_where_the_daemon_is_there_already_nobody_waits(
    autojump_clock: MockClock, capsys: pytest.CaptureFixture[str]
) -> None:
    await wait_to_ring(URL, Customer(405).request, None)

    assert trio.current_time() == 0.0
    assert capsys.readouterr().out == ""


async def test_who_is_told_when_to_ring_does_not_ask_whether_anybody_is_there(
    autojump_clock: MockClock,
) -> None:
    customer = Customer()

    await wait_to_ring(URL, customer.request, 7.5)

    assert trio.current_time() == 7.5
    assert customer.requests == []


def test_the_key_pair_of_the_program_is_always_the_same() -> None:
    key = parse_private_key(DEMO_PRIVATE_KEY)

    assert render_public_key(key) == "ys5uZl5MBQclu8ne/Uy67JtDcLf9T+IM1nM+KuyQMTU="


def test_another_key_pair_may_be_given() -> None:
    key = parse_private_key(OTHER_KEY)

    assert key.private_bytes_raw() == bytes(range(32))
    assert isinstance(key, Ed25519PrivateKey)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--private-key", OTHER_KEY[:-4]), "it must be 32 bytes in base64"),
        (("--private-key", "key!"), "it must be 32 bytes in base64"),
        (("--ring-after", "soon"), "it must be a number of seconds"),
        (("--ring-after", "-1"), "it must be a number of seconds"),
        (("--ring-after", "inf"), "it must be a number of seconds"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake_of_the_command_line(
    arguments: tuple[str, ...],
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["telnyx", *arguments])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
