"""The door of the webhooks where it is in the world: behind the edge, on a real port."""

import math

import trio

from tests.switchboard.office import open_office
from tests.web.doorway import SmallMedia
from tests.web.hostile import ask, eventually, post, status_of
from tests.web.test_app import PROOFS, PUBLIC, Desk
from voicecalld.edge_settings import StreamingSettings, WebhookSecuritySettings
from voicecalld.web.app import build_app
from voicecalld.web.edge import Edge
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.listener import open_listener
from voicecalld.web.public_url import PublicUrls
from voicecalld.web.webhooks import WebhookDoor

LIMITS = EdgeLimits(webhooks_per_address=1, visitors_per_address=2)
PROOF_LINES = b"".join(name + b": " + value + b"\r\n" for name, value in PROOFS)


def build_edge(desk: Desk) -> Edge:
    urls = PublicUrls(public_url=PUBLIC, address="a:1")
    return Edge(
        webhook_paths=["/voice/webhook"],
        streaming=StreamingSettings(),
        security=WebhookSecuritySettings(),
        app=build_app([WebhookDoor(desk, "/voice/webhook", urls, LIMITS)], LIMITS),
        open_streams={"/voice/stream": SmallMedia().open_stream},
        limits=LIMITS,
    )


async def test_an_address_with_too_many_webhooks_in_flight_is_told_so() -> None:
    async with open_office() as office, trio.open_nursery() as nursery:
        desk = Desk(office.reception)
        desk.takes_s = math.inf
        edge = build_edge(desk)
        await nursery.start(edge.run, [await open_listener("127.0.0.1", 0)])

        nursery.start_soon(ask, edge.address, post(more=PROOF_LINES))
        await eventually(lambda: len(desk.received) == 1)
        answer = await ask(edge.address, post(more=PROOF_LINES))
        nursery.cancel_scope.cancel()

    assert status_of(answer) == 429


def test_there_is_room_for_more_connections_of_an_address_than_for_webhooks_of_it() -> None:
    limits = EdgeLimits()

    assert limits.webhooks_per_address < limits.visitors_per_address
