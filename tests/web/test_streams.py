import contextlib

from voicecalld.edge_settings import StreamingSettings
from voicecalld.web.streams import PendingStream, Room, Streams

SETTINGS = StreamingSettings(
    max_connections=4, max_pending_connections=3, max_pending_connections_per_ip=2
)


def opened(stack: contextlib.ExitStack, streams: Streams, *clients: str) -> list[PendingStream]:
    return [stack.enter_context(streams.admit(client)) for client in clients]


def test_one_address_may_have_only_so_many_streams_that_wait() -> None:
    streams = Streams(SETTINGS)
    with contextlib.ExitStack() as stack:
        opened(stack, streams, "192.0.2.1", "::ffff:192.0.2.1")

        assert streams.room("192.0.2.1") is Room.NONE_TO_WAIT
        assert streams.room("192.0.2.2") is Room.ENOUGH


def test_all_addresses_together_may_have_only_so_many_streams_that_wait() -> None:
    streams = Streams(SETTINGS)
    with contextlib.ExitStack() as stack:
        opened(stack, streams, "192.0.2.1", "192.0.2.2", "192.0.2.3")

        assert streams.room("192.0.2.4") is Room.NONE_TO_WAIT


def test_a_stream_that_has_started_keeps_no_other_waiting() -> None:
    streams = Streams(SETTINGS)
    with contextlib.ExitStack() as stack:
        first, _ = opened(stack, streams, "192.0.2.1", "192.0.2.1")

        first.started()
        first.started()

        assert streams.room("192.0.2.1") is Room.ENOUGH
        assert streams.pending == {"192.0.2.1": 1}


def test_there_may_be_only_so_many_streams() -> None:
    streams = Streams(SETTINGS)
    with contextlib.ExitStack() as stack:
        for stream in opened(stack, streams, *(["192.0.2.1"] * 4)):
            stream.started()

        assert streams.room("192.0.2.9") is Room.NONE

    assert streams.room("192.0.2.9") is Room.ENOUGH
    assert (streams.open, streams.pending) == (set(), {})
