import socket
import ssl
from contextlib import suppress
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from tests.net.link_to_server import LOOPBACK_PEM
from voicecalld.errors import UnreachableServiceError
from voicecalld.net.reach import reach


async def test_a_server_that_listens_can_be_reached() -> None:
    (listener, *_) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]

    async with listener:
        await reach(f"http://127.0.0.1:{port}/v1")


async def shake_and_leave(
    tls: ssl.SSLContext, done: trio.Event, stream: trio.SocketStream
) -> None:
    with suppress(trio.BrokenResourceError):
        await trio.SSLStream(stream, tls, server_side=True).do_handshake()
    done.set()


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_over_tls_only_a_server_that_can_be_believed_is_reached(*, is_trusted: bool) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(LOOPBACK_PEM)
    trust = ssl.create_default_context(cafile=LOOPBACK_PEM) if is_trusted else None
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(
            partial(trio.serve_tcp, partial(shake_and_leave, tls, done), 0, host="127.0.0.1")
        )
        url = f"wss://127.0.0.1:{listeners[0].socket.getsockname()[1]}/listen"
        if is_trusted:
            await reach(url, trust=trust)
        else:
            with pytest.raises(UnreachableServiceError, match="certificate verify failed"):
                await reach(url, trust=trust)
        await done.wait()
        nursery.cancel_scope.cancel()


async def test_where_nobody_listens_nobody_can_be_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen

        with pytest.raises(UnreachableServiceError, match=r"127\.0\.0\.1 cannot be reached"):
            await reach(f"ws://127.0.0.1:{taken.getsockname()[1]}")


async def test_a_name_that_nobody_can_have_cannot_be_reached() -> None:
    with pytest.raises(UnreachableServiceError, match="cannot be reached"):
        await reach("https://api..example/v1")


class SilentNetwork(trio.abc.HostnameResolver):
    """Never finds a name."""

    async def getaddrinfo(self, *_: object, **__: object) -> list[object]:  # type: ignore[override]  # never returns
        await trio.sleep_forever()
        raise AssertionError

    async def getnameinfo(self, *_: object) -> tuple[str, str]:
        raise AssertionError


async def test_a_network_that_does_not_answer_is_given_up(autojump_clock: MockClock) -> None:
    trio.socket.set_custom_hostname_resolver(SilentNetwork())

    with pytest.raises(UnreachableServiceError, match=r"api\.example does not answer"):
        await reach("https://api.example/v1")
