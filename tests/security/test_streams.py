"""Media streams that nobody has asked for, or that somebody else was given."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import pytest
import trio
from trio.testing import MockClock

from tests.fakes.websocket_peer import TEXT, Peer, frame
from tests.patience import STILL_S, pass_by
from tests.security.carriers import NOTHING_SHOWN, OTHER_KEY, OUR_KEY, STREAM_URL, Carrier
from tests.security.site import Site, Trace, close_code, open_site
from tests.security.stream_attacks import (
    CALL_ID,
    FAMILIES,
    POLICY,
    StreamAttack,
    Target,
    texts,
)
from tests.security.table import CARRIERS, each_carrier, each_streamer
from tests.web.hostile import ask, eventually, status_of
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.switchboard.stream_talk import StreamTalk

FORBIDDEN = 403

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


WRONG_PROOFS = (
    (STREAM_URL, OTHER_KEY),
    ("wss://evil.example/voice/stream", OUR_KEY),
    ("wss://calls.example.test/voice/webhook", OUR_KEY),
    ("wss://calls.example.test/voice/stream/", OTHER_KEY),
    ("http://calls.example.test/voice/stream", OUR_KEY),
    ("https://calls.example.test/voice/stream", OUR_KEY),
    (f"{STREAM_URL}?a=b", OUR_KEY),
    (f"{STREAM_URL}?token=a.b.c", OUR_KEY),
)


def genuine_urls(carrier: Carrier) -> frozenset[str]:
    """Those that *carrier* may have signed for a stream."""
    rest = STREAM_URL.partition(":")[2]
    return frozenset(f"{scheme}:{rest}" for scheme in carrier.upgrade_schemes)


def refusal_of(carrier: Carrier) -> int:
    """How a stream is refused with a token that is good no more."""
    return POLICY if carrier.show("a") == NOTHING_SHOWN else FORBIDDEN


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


async def carries(peer: Peer, site: Site, token: str, number: int = 1) -> bool:
    """Whether the stream is let in with *token* and then carries its call."""
    await peer.send(texts(*site.carrier.start(site.carrier.call(number), token)))
    call = site.switchboard.find(site.carrier.call(number))
    assert call is not None
    await eventually(lambda: call.machine.is_connected)
    return (await peer.read_frame()).opcode == TEXT


def test_no_two_attacks_have_the_same_name() -> None:
    names = [attack.name for attack in chain(*FAMILIES.values())]

    assert len(set(names)) == len(names) > 90


@each_streamer
@pytest.mark.parametrize("family", FAMILIES.values(), ids=[*FAMILIES])
async def test_a_stream_without_a_right_to_its_call_is_refused_and_leaves_no_trace(
    carrier: Carrier, family: Sequence[StreamAttack]
) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        for attack in family:
            attempt = attack.send(target)
            before = site.trace()

            outcome = await site.try_stream(attempt.token, attempt.frames)

            assert outcome in attack.outcomes(carrier, attempt), attack.name
            assert without_redeemed(site, before.redeemed) == before, attack.name
        async with site.open_stream(target.token) as peer:
            assert await carries(peer, site, target.token)


@each_streamer
async def test_a_token_lets_in_one_stream_and_no_second(carrier: Carrier) -> None:
    """Also none that was opened before, and one afterwards is not even opened if it shows it."""
    async with open_site(carrier) as site:
        target = await take_aim(site)
        token = target.token
        async with (
            site.open_stream(token) as first,
            site.open_stream(token, "127.0.0.2") as second,
        ):
            assert await carries(first, site, token)
            before = site.trace()

            await second.send(target.start(token).frames)
            code = await close_code(second)
            outcome = await site.try_stream(token, target.start(token).frames)

            assert (code, outcome) == (POLICY, refusal_of(carrier))
            # The first call goes on meanwhile, and what happens on it is written down.
            assert replace(site.trace(), entries=before.entries) == before
            assert (await first.read_frame()).opcode == TEXT


@each_streamer
async def test_of_a_hundred_streams_with_one_token_one_is_let_in(carrier: Carrier) -> None:
    """At the same moment."""
    codes: list[int] = []
    room = {"max_pending_connections": 100, "max_pending_connections_per_ip": 100}
    async with open_site(carrier, streaming=room) as site:
        target = await take_aim(site)
        opened = itertools.count(1)
        all_are_open = trio.Event()

        async def try_it(nursery: trio.Nursery) -> None:
            async with site.open_stream(target.token) as peer:
                if next(opened) == 100:
                    all_are_open.set()
                await all_are_open.wait()
                await peer.send(target.start(target.token).frames)
                codes.append((await peer.read_frames())[-1].code)
                if len(codes) == 99:
                    nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(try_it, nursery)

    assert codes == [POLICY] * 99


@each_streamer
async def test_a_token_that_nobody_has_used_in_time_is_worthless(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    async with open_site(carrier, ring_timeout_ms=110_000, stale_call_reaper_seconds=0) as site:
        target = await take_aim(site)
        await pass_by(mock_clock, 61)
        mock_clock.autojump_threshold = STILL_S
        before = site.trace()

        outcome = await site.try_stream(target.token, target.start(target.token).frames)

        assert outcome == refusal_of(carrier)
        assert site.logged[-1]["reason"] == "stream token refused: it has expired"
        assert site.trace() == before


@each_streamer
async def test_the_token_of_a_call_that_is_over_is_worthless(carrier: Carrier) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        await site.send(site.end(1))
        await eventually(lambda: len(site.switchboard.calls) == 1)
        before = site.trace()

        outcome = await site.try_stream(target.token, target.start(target.token).frames)

        assert outcome == POLICY
        assert without_redeemed(site, before.redeemed) == before


@each_streamer
async def test_a_second_start_changes_nothing(carrier: Carrier) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        async with site.open_stream(target.token) as peer:
            assert await carries(peer, site, target.token)
            call, other = (site.switchboard.find(it) for it in (target.call, target.other_call))
            assert call is not None
            assert other is not None

            await peer.send(target.start(target.other_token, target.other_call).frames)
            await peer.send(frame(TEXT, carrier.media.encode()))
            assert isinstance(call.talk, StreamTalk)
            pump = call.talk.pump
            await eventually(lambda: pump.fed_bytes == FRAME_BYTES)

            assert not other.machine.is_connected
            assert len(site.tokens.used) == 1
        async with site.open_stream(target.other_token) as second:
            assert await carries(second, site, target.other_token, 2)


@each_streamer
async def test_a_stream_that_shows_no_token_is_let_in_by_none(carrier: Carrier) -> None:
    """It is not even opened, unless the carrier shows the token in the start."""
    async with open_site(carrier) as site:
        target = await take_aim(site)
        before = site.trace()

        outcome = await site.try_stream(None, target.start("").frames)

        assert outcome == (POLICY if carrier.start_shows_token else FORBIDDEN)
        assert site.trace() == before


# --- the way there -----------------------------------------------------------------------


@each_carrier
async def test_a_websocket_elsewhere_is_refused(carrier: Carrier) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        upgrade = site.upgrade(target.token)
        before = site.trace()
        for path, status in LOOK_ALIKES.items():
            asked = upgrade.replace("/voice/stream", path, 1).encode()

            answer = await ask(site.address, asked + target.start(target.token).frames)

            assert (path, status_of(answer)) == (path, status)
            assert site.trace() == before


@pytest.mark.parametrize(
    ("carrier", "url", "key"),
    [
        pytest.param(carrier, url, key, id=f"{name}, {url}, {key[:2]}")
        for name, carrier in CARRIERS.items()
        for url, key in WRONG_PROOFS
        if carrier.sign_upgrade(url, key)
        and (key == OTHER_KEY or url not in genuine_urls(carrier))
    ],
)
async def test_an_upgrade_with_a_wrong_proof_is_forbidden(
    carrier: Carrier, url: str, key: str
) -> None:
    async with open_site(carrier) as site:
        target = await take_aim(site)
        before = site.trace()
        upgrade = site.upgrade(target.token, proof=carrier.sign_upgrade(url, key)).encode()

        answer = await ask(site.address, upgrade + target.start(target.token).frames)

        assert status_of(answer) == 403
        assert site.trace() == before


@each_carrier
async def test_what_comes_right_behind_the_upgrade_is_taken_for_nothing_but_frames(
    carrier: Carrier,
) -> None:
    async with open_site(carrier) as site:
        token = await site.take_call()
        before = site.trace()
        smuggled = site.announcement(3).render()

        async with site.connect_stream() as peer:
            head = await peer.open(site.upgrade(token), behind=smuggled)
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
        token = site.tokens.mint(site.provider.name, CALL_ID)
        before = site.trace()
        async with site.connect_stream() as peer:
            if says == "half an upgrade":
                await peer.stream.send_all(site.upgrade(token).encode()[:-2])
                assert (await peer.read_head()).startswith("HTTP/1.1 408 ")
            else:
                await peer.open(site.upgrade(token))
                await peer.send(SAID[says])
                assert await close_code(peer) == POLICY
        assert site.trace() == before


SAID = {"nothing": b"", "half a frame": frame(TEXT, b"{}")[:-1], "pings": frame(9, b"") * 1000}


@each_carrier
async def test_those_who_wait_for_nothing_keep_no_stream_of_another_out(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    """Four of an address may be about to say whose they are, and 32 of all.

    For some seconds, so the time stands still until they are there.
    """
    async with open_site(carrier) as site, trio.open_nursery() as nursery:
        token = await site.take_call()

        async def wait_for_nothing(task_status: trio.TaskStatus[None]) -> None:
            async with site.open_stream(token, "127.0.0.2") as peer:
                task_status.started()
                await peer.read_frames()

        for _ in range(4):
            await nursery.start(wait_for_nothing)
        async with site.open_stream(token, "127.0.0.2") as one_more:
            assert await close_code(one_more) == 1013
        mock_clock.autojump_threshold = STILL_S
        async with site.open_stream(token) as peer:
            assert await carries(peer, site, token)
        nursery.cancel_scope.cancel()


def without_redeemed(site: Site, redeemed: int) -> Trace:
    """The trace, but for tokens that are used up."""
    return replace(site.trace(), redeemed=redeemed)
