"""Media streams that nobody has asked for, or that somebody else was given."""

from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.websocket_peer import CLOSE, TEXT, Peer, frame
from tests.security.carriers import OTHER_KEY, OUR_KEY, STREAM_URL, Carrier
from tests.security.patience import STILL_S, pass_by
from tests.security.site import Site, Trace, open_site
from tests.security.stream_attacks import ATTACKS, POLICY, StreamAttack, Target, texts
from tests.security.table import CARRIERS, each_carrier
from tests.web.hostile import ask, eventually, status_of
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.switchboard.stream_talk import StreamTalk

LOOK_ALIKES = {
    "/": 404,
    "/voice/stream/": 404,
    "//voice/stream": 404,
    "/voice//stream": 404,
    "/voice/./stream": 404,
    "/voice/x/../stream": 404,
    "/voice/stream/x": 404,
    "/voice/stream%2F": 404,
    "/voice%2Fstream": 404,
    "/voice/%73tream": 404,
    "/voice/stream;a": 404,
    "/Voice/Stream": 404,
    "/voice/stream%00": 404,
    "/voice/webhook": 404,
    "/voice/stream#": 400,
    "wss://calls.example.test/voice/stream": 400,
}


async def take_aim(site: Site) -> Target:
    """Two calls that wait for their streams."""
    token, other_token = await site.take_call(1), await site.take_call(2)
    return Target(
        site=site,
        call=site.carrier.call(1),
        token=token,
        other_call=site.carrier.call(2),
        other_token=other_token,
    )


async def close_code(peer: Peer) -> int:
    """What the stream is closed with, on which nothing may be said."""
    while True:
        received = await peer.read_frame()
        assert received.opcode != TEXT, "it was let in"
        if received.opcode == CLOSE:
            await peer.send(frame(CLOSE, received.payload))
            return received.code


async def carries(peer: Peer, site: Site, token: str, number: int = 1) -> bool:
    """Whether the stream is let in with *token* and then carries its call."""
    await peer.send(texts(*site.carrier.start(site.carrier.call(number), token)))
    call = site.switchboard.find(site.carrier.call(number))
    assert call is not None
    await eventually(lambda: call.machine.is_connected)
    return (await peer.read_frame()).opcode == TEXT


def test_no_two_attacks_have_the_same_name() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) > 90


@each_carrier
@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.name for attack in ATTACKS])
async def test_a_stream_without_a_right_to_its_call_is_closed_and_leaves_no_trace(
    carrier: Carrier, attack: StreamAttack
) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        data = attack.send(target)
        before = site.trace()

        async with site.open_stream() as peer:
            await peer.send(data)
            code = await close_code(peer)

        assert code == attack.code
        assert without_redeemed(site, before.redeemed) == before
        async with site.open_stream() as peer:
            assert await carries(peer, site, target.token)


@each_carrier
async def test_a_token_lets_in_one_stream_and_no_second(carrier: Carrier) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        async with site.open_stream() as first, site.open_stream("127.0.0.2") as second:
            assert await carries(first, site, target.token)
            before = site.trace()

            await second.send(target.start(target.token))

            assert await close_code(second) == POLICY
            # The first call goes on meanwhile, and what happens on it is written down.
            assert replace(site.trace(), entries=before.entries) == before
            assert (await first.read_frame()).opcode == TEXT


@each_carrier
async def test_of_a_hundred_streams_with_one_token_one_is_let_in(carrier: Carrier) -> None:
    """At the same moment."""
    codes: list[int] = []
    room = {"max_pending_connections": 100, "max_pending_connections_per_ip": 100}
    async with open_site(carrier, streaming=room) as site:
        target = await take_aim(site)

        async def try_it(nursery: trio.Nursery) -> None:
            async with site.open_stream() as peer:
                await peer.send(target.start(target.token))
                codes.append((await peer.read_frames())[-1].code)
                if len(codes) == 99:
                    nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(try_it, nursery)

    assert codes == [POLICY] * 99


@each_carrier
async def test_a_token_that_nobody_has_used_in_time_is_worthless(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    async with open_site(carrier, ring_timeout_ms=110_000, stale_call_reaper_seconds=0) as site:
        target = await take_aim(site)
        await pass_by(mock_clock, 61)
        mock_clock.autojump_threshold = STILL_S
        assert site.switchboard.calls
        before = site.trace()

        async with site.open_stream() as peer:
            await peer.send(target.start(target.token))

            assert await close_code(peer) == POLICY
        assert site.trace() == before


@each_carrier
async def test_the_token_of_a_call_that_is_over_is_worthless(carrier: Carrier) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        await site.send(site.end(1))
        await eventually(lambda: len(site.switchboard.calls) == 1)
        before = site.trace()

        async with site.open_stream() as peer:
            await peer.send(target.start(target.token))

            assert await close_code(peer) == POLICY
        assert without_redeemed(site, before.redeemed) == before


@each_carrier
async def test_a_second_start_changes_nothing(carrier: Carrier) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        async with site.open_stream() as peer:
            assert await carries(peer, site, target.token)
            call, other = (site.switchboard.find(it) for it in (target.call, target.other_call))
            assert call is not None
            assert other is not None

            await peer.send(target.start(target.other_token, target.other_call))
            await peer.send(frame(TEXT, carrier.media.encode()))
            assert isinstance(call.talk, StreamTalk)
            pump = call.talk.pump
            await eventually(lambda: pump.fed_bytes == FRAME_BYTES)

            assert not other.machine.is_connected
            assert len(site.tokens.used) == 1
        async with site.open_stream() as second:
            assert await carries(second, site, target.other_token, 2)


# --- the way there -----------------------------------------------------------------------


@each_carrier
@pytest.mark.parametrize(("path", "status"), LOOK_ALIKES.items())
async def test_a_websocket_elsewhere_is_refused(carrier: Carrier, path: str, status: int) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        before = site.trace()
        upgrade = site.upgrade().replace("/voice/stream ", f"{path} ").encode()

        answer = await ask(site.address, upgrade + target.start(target.token))

        assert status_of(answer) == status
        assert site.trace() == before


@pytest.mark.parametrize(
    "carrier",
    [carrier for carrier in CARRIERS.values() if carrier.sign_upgrade(STREAM_URL, OUR_KEY)],
)
@pytest.mark.parametrize(
    ("url", "key"),
    [
        (STREAM_URL, OTHER_KEY),
        ("wss://evil.example/voice/stream", OUR_KEY),
        ("wss://calls.example.test/voice/webhook", OUR_KEY),
        ("https://calls.example.test/voice/stream", OUR_KEY),
        (f"{STREAM_URL}?a=b", OUR_KEY),
    ],
)
async def test_an_upgrade_with_a_wrong_proof_is_forbidden(
    carrier: Carrier, url: str, key: str
) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        before = site.trace()
        upgrade = site.upgrade(carrier.sign_upgrade(url, key)).encode()

        answer = await ask(site.address, upgrade + target.start(target.token))

        assert status_of(answer) == 403
        assert site.trace() == before


@each_carrier
async def test_what_comes_right_behind_the_upgrade_is_taken_for_nothing_but_frames(
    carrier: Carrier,
) -> None:
    async with open_site(carrier) as site:
        await take_aim(site)
        before = site.trace()
        smuggled = site.announcement(3).render()

        async with site.connect_stream() as peer:
            head = await peer.open(site.upgrade(), behind=smuggled)
            code = await close_code(peer)

        assert head.startswith("HTTP/1.1 101 ")
        assert code == 1002
        assert site.trace() == before


@each_carrier
@pytest.mark.parametrize("says", ["nothing", "half a frame", "pings", "half an upgrade"])
async def test_a_stream_that_does_not_say_whose_it_is_in_time_is_closed(
    carrier: Carrier, says: str, jumping_clock: MockClock
) -> None:
    async with open_site(carrier) as site:
        before = site.trace()
        async with site.connect_stream() as peer:
            if says == "half an upgrade":
                await peer.stream.send_all(site.upgrade().encode()[:-2])
                assert (await peer.read_head()).startswith("HTTP/1.1 408 ")
            else:
                await peer.open(site.upgrade())
                await peer.send(SAID[says])
                assert await close_code(peer) == POLICY
        assert site.trace() == before


SAID = {"nothing": b"", "half a frame": frame(TEXT, b"{}")[:-1], "pings": frame(9, b"") * 1000}


@each_carrier
async def test_those_who_wait_for_nothing_keep_no_stream_of_another_out(carrier: Carrier) -> None:
    """Four of an address may be about to say whose they are, and 32 of all."""
    async with open_site(carrier) as site, trio.open_nursery() as nursery:
        token = await site.take_call()

        async def wait_for_nothing(task_status: trio.TaskStatus[None]) -> None:
            async with site.open_stream("127.0.0.2") as peer:
                task_status.started()
                await peer.read_frames()

        for _ in range(4):
            await nursery.start(wait_for_nothing)
        async with site.open_stream("127.0.0.2") as one_more:
            assert await close_code(one_more) == 1013
        async with site.open_stream() as peer:
            assert await carries(peer, site, token)
        nursery.cancel_scope.cancel()


def without_redeemed(site: Site, redeemed: int) -> Trace:
    """The trace, but for tokens that are used up."""
    return replace(site.trace(), redeemed=redeemed)
