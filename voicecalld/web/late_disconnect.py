"""ASGI: an application that has answered is not told that its peer has gone.

hypercorn reports the disconnection from inside the application's own last ``send``, and
quart-trio cancels the request when it hears of one: that very ``send``, in which hypercorn lets
go of the connection. Neither is wrong alone; together they keep every connection for ever.
Seen with hypercorn 0.18.0 and quart-trio 0.12.0.
"""

import trio
from hypercorn.typing import (
    ASGIFramework,
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)


class NoLateDisconnect:
    """An ASGI application around another, which hears of no disconnection after its answer."""

    def __init__(self, app: ASGIFramework) -> None:
        self.app = app

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        """Serve one request."""
        answered = False

        async def receive_before_the_answer() -> ASGIReceiveEvent:
            event = await receive()
            if answered and event["type"] == "http.disconnect":
                await trio.sleep_forever()  # the end of the request cancels it
            return event

        async def send_and_note_the_end(event: ASGISendEvent) -> None:
            nonlocal answered
            # Before it is sent: the disconnection comes while it is.
            if event["type"] == "http.response.body" and not event.get("more_body", False):
                answered = True
            await send(event)

        await self.app(scope, receive_before_the_answer, send_and_note_the_end)
