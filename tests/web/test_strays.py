"""What the operator is told of webhooks that come to the wrong place."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import trio
from quart_trio import QuartTrio
from structlog.testing import capture_logs
from structlog.typing import EventDict
from trio.testing import MockClock

from tests.switchboard.office import open_office
from tests.web.asgi_call import Asked, ask
from tests.web.test_app import PROOFS, PUBLIC, Desk
from voicecalld.logs import mask_private_fields
from voicecalld.provider.mock import MockProvider
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.services import CarrierAccess
from voicecalld.web.app import build_app
from voicecalld.web.public_url import PublicUrls
from voicecalld.web.strays import LONGEST_PATH, find_sender, show_path
from voicecalld.web.webhooks import WebhookDoor

STRANGE = ((b"x-strange-signature", b"s"),)
STRANGE_URL = f"{PUBLIC}/strange"


class StrangeProvider(MockProvider):
    """A carrier whose webhooks are known by another header."""

    @property
    def name(self) -> str:
        return "strange"

    @property
    def signature_headers(self) -> tuple[str, ...]:
        return ("x-strange-signature",)


@pytest.fixture
async def desks() -> AsyncIterator[tuple[Desk, Desk]]:
    """Those of two carriers that come in by the same port."""
    async with open_office() as office:
        mock = office.reception.carrier
        links = Links(webhook_url=STRANGE_URL, stream_url="")
        provider = StrangeProvider(key=b"key")
        strange = CarrierAccess(provider=provider, link=office.link, links=links)
        both = {"mock": mock, "strange": strange}
        own, other = Desk(office.reception), Desk(office.reception)
        own.services = other.services = replace(own.services, carriers=both)
        other.carrier, other.provider = strange, provider
        yield own, other


@pytest.fixture
def app(desks: tuple[Desk, Desk]) -> QuartTrio:
    urls = PublicUrls(public_url=PUBLIC, address="a:1")
    own, other = desks
    return build_app(
        [
            WebhookDoor(own, "/voice/webhook", urls),
            WebhookDoor(other, "/voice/webhook/strange", urls),
        ]
    )


async def told_of(app: QuartTrio, *requests: Asked, status: int) -> list[EventDict]:
    """What is logged of *requests*, which are all answered with *status*."""
    with capture_logs() as logged:
        for request in requests:
            assert (await ask(app, request)).status == status
    return logged


# --- another path ----------------------------------------------------------------------


async def test_a_request_at_a_wrong_path_is_told_of_with_the_paths_that_there_are(
    app: QuartTrio,
) -> None:
    asked = Asked(path=b"/voice/webhok", query=b"secret=1", headers=())

    told = await told_of(app, asked, status=404)

    assert told == [
        {
            "event": "no such path",
            "log_level": "warning",
            "path": "/voice/webhok",
            "paths": ["/voice/webhook", "/voice/webhook/strange"],
            "count": 1,
            "peer": "203.0.113.1",
        }
    ]


async def test_a_path_that_only_looks_like_ours_is_told_of_as_it_was_sent(app: QuartTrio) -> None:
    (told,) = await told_of(app, Asked(path=b"/voice%2fwebhook"), status=404)

    assert told["path"] == "/voice%2fwebhook"


async def test_wrong_paths_make_one_line_in_ten_seconds_that_counts_them(
    app: QuartTrio, autojump_clock: MockClock
) -> None:
    scan = [Asked(path=f"/{number}".encode(), headers=()) for number in range(100)]

    told = await told_of(app, *scan, status=404)
    await trio.sleep(10)
    told += await told_of(app, scan[0], status=404)

    assert [(entry["path"], entry["count"]) for entry in told] == [("/0", 1), ("/0", 100)]


async def test_no_scanner_hides_the_webhook_of_a_carrier_at_a_wrong_path(
    app: QuartTrio, desks: tuple[Desk, Desk]
) -> None:
    scan = Asked(path=b"/.env", headers=())
    lost = Asked(path=b"/webhook", headers=STRANGE)

    told = await told_of(app, scan, scan, lost, lost, status=404)

    assert [(entry["path"], entry.get("provider")) for entry in told] == [
        ("/.env", None),
        ("/webhook", "strange"),
    ]
    assert desks[1].carrier.refusals.count == 2


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a?token=hunter2", "/a"),
        ("/a\x1b[2J\n\x9b", "/a\\x1b[2J\\n\\x9b"),
        ("/" + "a" * LONGEST_PATH, "/" + "a" * (LONGEST_PATH - 1)),
        ("/" + "\n" * LONGEST_PATH, ("/" + "\\n" * LONGEST_PATH)[:LONGEST_PATH]),
    ],
)
def test_a_path_is_shown_without_its_query_and_without_power_and_not_for_long(
    path: str, shown: str
) -> None:
    assert show_path(path) == shown


# --- another carrier -------------------------------------------------------------------


async def test_the_webhook_of_another_carrier_is_told_where_it_belongs(
    app: QuartTrio, desks: tuple[Desk, Desk]
) -> None:
    (told,) = await told_of(app, *[Asked(headers=STRANGE)] * 3, status=401)

    assert (told["event"], told["log_level"]) == ("webhook refused", "warning")
    assert (told["provider"], told["peer"]) == ("mock", "203.0.113.1")
    assert told["reason"] == (
        f"no Mock signature; it looks like Strange's, whose URL is {STRANGE_URL}"
    )
    assert mask_private_fields(None, "", dict(told)) == told
    assert [desk.carrier.refusals.count for desk in desks] == [0, 3]


async def test_a_webhook_without_any_signature_is_told_of_and_counted(
    app: QuartTrio, desks: tuple[Desk, Desk]
) -> None:
    asked = Asked(path=b"/voice/webhook/strange", headers=())

    (told,) = await told_of(app, asked, asked, status=401)

    assert (told["provider"], told["reason"]) == ("strange", "no Strange signature")
    assert [desk.carrier.refusals.count for desk in desks] == [0, 2]


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        (("x-strange-signature",), "strange"),
        (("x-mock-signature",), None),  # one of two
        ((), None),
    ],
)
async def test_a_sender_is_known_by_all_headers_of_its_signatures(
    headers: tuple[str, ...], sender: str | None, desks: tuple[Desk, Desk]
) -> None:
    found = find_sender(dict.fromkeys(headers, "s"), desks[0].services.carriers)

    assert (found and found.name) == sender


# --- another method --------------------------------------------------------------------


async def test_a_carrier_that_does_not_post_is_told_of(app: QuartTrio) -> None:
    told = await told_of(app, Asked(method="GET", headers=PROOFS), status=405)

    assert [entry["reason"] for entry in told] == ["it is no POST; choose that at the carrier"]


async def test_anybody_else_who_does_not_post_is_no_news(app: QuartTrio) -> None:
    assert await told_of(app, Asked(method="GET", headers=()), status=405) == []
