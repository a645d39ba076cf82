from collections.abc import Sequence

import pytest
import trio
import trio.testing
from hypercorn.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)

from tests.web.doorway import open_doorway
from tests.web.hostile import PATIENCE_S, ask, eventually, post
from voicecalld.web.late_disconnect import NoLateDisconnect

SCOPE: Scope = {"type": "lifespan", "asgi": {}, "state": {}}

LAST_PART: ASGISendEvent = {"type": "http.response.body", "body": b"", "more_body": False}
A_PART: ASGISendEvent = {"type": "http.response.body", "body": b"", "more_body": True}


async def hears_of_it(sent: Sequence[ASGISendEvent]) -> bool:
    """Whether an application that has *sent* something is told that its peer has gone."""
    heard: list[str] = []

    async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        for event in sent:
            await send(event)
        heard.append((await receive())["type"])

    async def receive() -> ASGIReceiveEvent:
        await trio.lowlevel.checkpoint()
        return {"type": "http.disconnect"}

    async def send(event: ASGISendEvent) -> None:
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(NoLateDisconnect(app), SCOPE, receive, send)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return bool(heard)


@pytest.mark.parametrize(
    ("sent", "is_told"), [([], True), ([A_PART], True), ([A_PART, LAST_PART], False)]
)
async def test_an_application_hears_of_a_disconnection_only_before_it_has_answered(
    sent: list[ASGISendEvent], is_told: bool
) -> None:
    assert await hears_of_it(sent) == is_told


async def test_a_part_of_a_body_is_received_also_behind_the_answer() -> None:
    body: ASGIReceiveEvent = {"type": "http.request", "body": b"a", "more_body": False}
    received: list[ASGIReceiveEvent] = []

    async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await send(LAST_PART)
        received.append(await receive())

    async def receive() -> ASGIReceiveEvent:
        await trio.lowlevel.checkpoint()
        return body

    async def send(event: ASGISendEvent) -> None:
        await trio.lowlevel.checkpoint()

    await NoLateDisconnect(app)(SCOPE, receive, send)

    assert received == [body]


async def test_a_connection_is_let_go_of_once_its_request_is_answered() -> None:
    async with open_doorway() as doorway:
        tasks_before = trio.lowlevel.current_statistics().tasks_living
        for _ in range(20):
            await ask(doorway.address, post())

        with trio.fail_after(PATIENCE_S):
            await eventually(
                lambda: trio.lowlevel.current_statistics().tasks_living == tasks_before
            )
        assert doorway.is_empty
