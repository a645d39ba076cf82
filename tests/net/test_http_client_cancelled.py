"""`HttpLink` under cancellation, and with many requests at once, over real sockets."""

from random import random

import trio

from tests.fakes.rest_server import RestServer, reply, running, say_nothing
from voicecalld.net.http_client import HttpLink, open_http_link
from voicecalld.provider.http import HttpRequest


def dial(server: RestServer) -> HttpRequest:
    return HttpRequest(method="POST", url=server.url, body=b"To=somebody")


async def test_a_request_to_a_silent_carrier_can_be_cancelled_and_ends_its_connection() -> None:
    async with running(say_nothing, reply(200)) as server, open_http_link(random=random) as link:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.request, dial(server))
            await server.until_waiting(1)
            nursery.cancel_scope.cancel()
        await server.until_closed(1)
        response = await link.request(dial(server))

    assert response.status == 200
    assert link.places.borrowed_tokens == 0


async def test_the_pool_outlives_the_cancellation_of_all_and_of_those_who_queue() -> None:
    async with running(say_nothing) as server, open_http_link(random=random) as link:
        link.places.total_tokens = 8
        for storm in range(3):
            async with trio.open_nursery() as nursery:
                for _ in range(50):
                    nursery.start_soon(link.request, dial(server))
                await server.until_waiting(8)
                nursery.cancel_scope.cancel()
            await server.until_closed(8 * (storm + 1))
        server.acts.append(reply(200))
        server.acts.popleft()
        statuses = await ask_often(link, dial(server), 50)

    assert statuses == [200] * 50
    assert link.places.borrowed_tokens == 0


async def test_the_pool_outlives_cancellations_at_any_moment() -> None:
    async def ask(checkpoints: int) -> None:
        """Ask, and lose patience after this many turns of the loop."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.request, dial(server))
            for _ in range(checkpoints):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()

    async with running(reply(200)) as server, open_http_link(random=random) as link:
        link.places.total_tokens = 4
        for checkpoints in range(60):
            async with trio.open_nursery() as nursery:
                for extra in range(12):
                    nursery.start_soon(ask, checkpoints + extra)
        with trio.fail_after(60):  # a pool that has lost its places waits for ever
            statuses = await ask_often(link, dial(server), 20)

    assert statuses == [200] * 20
    assert link.places.borrowed_tokens == 0


async def test_a_hundred_requests_take_turns_on_a_few_connections() -> None:
    async with running(reply(200)) as server, open_http_link(random=random) as link:
        link.places.total_tokens = 10

        statuses = await ask_often(link, dial(server), 100)

    assert statuses == [200] * 100
    assert len(server.requests) == 100
    assert server.connections <= 10


async def ask_often(link: HttpLink, request: HttpRequest, times: int) -> list[int]:
    statuses = []

    async def ask() -> None:
        statuses.append((await link.request(request)).status)

    async with trio.open_nursery() as nursery:
        for _ in range(times):
            nursery.start_soon(ask)
    return statuses
