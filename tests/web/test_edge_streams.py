import struct

import pytest
import structlog

from tests.web.doorway import open_doorway
from tests.web.hostile import UPGRADE, ask, connect, eventually, post, status_of


async def test_a_media_stream_is_handed_on_with_not_a_byte_read() -> None:
    raw = UPGRADE.replace(b"/voice/stream", b"/voice/stream?a=b") + b"\r\n\x81\x80abcd"
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await stream.send_all(raw)
        await eventually(lambda: bool(doorway.media.read))

        assert doorway.edge.streams.pending == {"127.0.0.1": 1}
        assert doorway.is_empty  # it is no visitor any more

        await stream.aclose()
        await eventually(lambda: not doorway.edge.streams.open)

    assert doorway.media.read == [raw]
    assert doorway.media.pending[0].client == "127.0.0.1"
    assert doorway.app.begun == []


async def test_the_path_of_a_websocket_that_is_none_of_ours_is_told_with_those_that_are() -> None:
    raw = UPGRADE.replace(b"/voice/stream", b"/elsewhere?token=t") + b"\r\n"
    async with open_doorway() as doorway:
        with structlog.testing.capture_logs() as logged:
            await ask(doorway.address, raw)

    told = [entry for entry in logged if entry["event"] == "connection refused"]
    assert [(entry["path"], entry["paths"]) for entry in told] == [
        ("/elsewhere", ["/voice/stream"])
    ]


@pytest.mark.parametrize("path", [b"/voice/webhook", b"/voice/stream/", b"/voice//stream", b"/"])
async def test_a_websocket_on_another_path_is_refused(path: bytes) -> None:
    async with open_doorway() as doorway:
        raw = UPGRADE.replace(b"/voice/stream", path) + b"\r\n"

        assert status_of(await ask(doorway.address, raw)) == 404

    assert doorway.media.read == []
    assert doorway.app.begun == []


async def test_without_media_streams_there_is_no_websocket() -> None:
    async with open_doorway(enabled=False) as doorway:
        assert status_of(await ask(doorway.address, UPGRADE + b"\r\n")) == 404


async def test_the_path_of_media_streams_without_a_websocket_is_a_request() -> None:
    async with open_doorway() as doorway:
        await ask(doorway.address, post(path="/voice/stream"))

    assert doorway.app.begun == ["voice/stream"]


async def test_one_media_stream_too_many_is_refused_before_it_is_one() -> None:
    async with open_doorway(max_connections=1) as doorway, await connect(doorway.address) as one:
        await one.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: bool(doorway.media.read))

        assert status_of(await ask(doorway.address, UPGRADE + b"\r\n")) == 503


async def test_one_waiting_media_stream_too_many_is_asked_to_come_back() -> None:
    async with (
        open_doorway(max_pending_connections_per_ip=1) as doorway,
        await connect(doorway.address) as one,
        await connect(doorway.address) as another,
    ):
        await one.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: bool(doorway.media.read))

        refused = await ask(doorway.address, UPGRADE + b"\r\n")
        doorway.media.pending[0].started()
        await another.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: len(doorway.media.read) == 2)

    assert status_of(refused) == 101
    assert refused.endswith(struct.pack("!BBH", 0x88, 2, 1013))
