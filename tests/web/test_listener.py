import socket

import pytest
import trio

from tests.web.hostile import ask
from voicecalld.errors import StartError
from voicecalld.web.listener import open_listener


async def test_the_system_chooses_the_port_if_it_is_zero() -> None:
    async with await open_listener("127.0.0.1", 0) as listener:
        host, port = listener.socket.getsockname()

    assert host == "127.0.0.1"
    assert port > 0


async def test_a_port_in_use_is_complained_about_with_the_settings_that_name_it() -> None:
    async with await open_listener("127.0.0.1", 0) as first:
        port = first.socket.getsockname()[1]
        with pytest.raises(StartError, match=rf"127\.0\.0\.1, port {port}, .*serve\.bind"):
            await open_listener("127.0.0.1", port)


async def test_an_address_of_another_machine_is_complained_about() -> None:
    with pytest.raises(StartError, match=r"2001:db8::1, port 80, .*serve\.port"):
        await open_listener("2001:db8::1", 80)


async def test_a_daemon_that_starts_again_gets_the_port_of_its_last_connections() -> None:
    # An address of its own, for nobody holds the port in between.
    first = await open_listener("127.0.9.1", 0)
    address = first.socket.getsockname()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask, address, b"hello")
        accepted = await first.accept()
        await first.aclose()
        await accepted.aclose()  # we close first, so the connection lingers here

    async with await open_listener("127.0.9.1", address[1]) as second:
        is_shared = second.socket.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT)

    assert is_shared == 0
