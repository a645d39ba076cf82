"""Everybody who means harm, all at once, as a program: ``python -m tests.security.mob PORT S``.

After so many seconds it says as JSON how often each kind has done what it does.
"""

import contextlib
import itertools
import json
import random
import resource
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import trio

from tests.fakes.websocket_peer import UPGRADE, Peer, frame
from tests.security import twilio
from tests.security.carriers import STREAM_URL
from tests.security.message import PATH, PUBLIC_HOST
from tests.security.siege import KEY
from tests.security.stream_attacks import BAD_FRAMES, texts
from tests.web.hostile import HOSTILE_HEADS, START, abort, connect, drip, read_to_the_end

FORGED_HEAD = (
    f"POST {PATH} HTTP/1.1\r\nHost: {PUBLIC_HOST}\r\nX-Twilio-Signature: {'A' * 27}=\r\n"
    f"Content-Type: {twilio.FORM}\r\nContent-Length: 200\r\n\r\n"
).encode()
FORGED = FORGED_HEAD + b"CallSid=" + b"a" * 192
# What lets in the carrier's streams, who knows how they have come by it.
PROOF = twilio.sign_upgrade(STREAM_URL, KEY)["x-twilio-signature"]
OPENING = UPGRADE.replace("proof", PROOF).encode()
UNSIGNED = UPGRADE.replace("proof", "none").encode()
NO_TOKEN = texts(*twilio.start(twilio.call_sid(1), "e30.e30.e30"))

HEADS = itertools.cycle([raw for raw, _ in HOSTILE_HEADS.values()])
FRAMES = itertools.cycle([data for _, data, _ in BAD_FRAMES] + [NO_TOKEN])

ARRIVAL_S = 1.0  # until all are there

Act = Callable[[trio.SocketStream], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """So many who do the same again and again, each *pause_s* after the last time."""

    count: int
    act: Act
    pause_s: float


async def stay(stream: trio.SocketStream, says: bytes = b"") -> None:
    """Say a little, and hold the place until it is taken away."""
    await stream.send_all(says)
    await read_for_ever(stream)


async def read_for_ever(stream: trio.SocketStream) -> None:
    while await stream.receive_some(65_536):
        pass


async def let_head_drip(stream: trio.SocketStream) -> None:
    await drip(stream, START + b"A: b\r\n" * 90, 0.1)


async def let_body_drip(stream: trio.SocketStream) -> None:
    await stream.send_all(FORGED_HEAD)
    await drip(stream, b"a" * 199, 0.1)


async def leave_early(stream: trio.SocketStream) -> None:
    await stream.send_all(FORGED[:-50])
    abort(stream)


async def half_close(stream: trio.SocketStream) -> None:
    await stream.send_all(FORGED)
    await stream.send_eof()
    await read_to_the_end(stream)


async def send_hostile_head(stream: trio.SocketStream) -> None:
    await stream.send_all(next(HEADS))
    await read_to_the_end(stream)


async def forge(stream: trio.SocketStream) -> None:
    await stream.send_all(FORGED)
    await read_to_the_end(stream)


async def break_frames(stream: trio.SocketStream) -> None:
    peer = Peer(stream)
    if " 101 " in await peer.open(OPENING.decode()):
        with contextlib.suppress(trio.BrokenResourceError):
            await peer.send(next(FRAMES))
        await peer.read_frames()


async def open_unsigned(stream: trio.SocketStream) -> None:
    await stream.send_all(UNSIGNED)
    await read_to_the_end(stream)


async def flood(stream: trio.SocketStream) -> None:
    """Pings without end, as fast as they are read."""
    await stream.send_all(OPENING)
    with trio.move_on_after(1):
        for _ in range(100):
            await stream.send_all(frame(9, b"*" * 100) * 10)
            await trio.sleep(0.01)


CROWDS = {
    "silent": Crowd(count=1000, act=stay, pause_s=3),
    "slow head": Crowd(count=50, act=let_head_drip, pause_s=0.5),
    "slow body": Crowd(count=50, act=let_body_drip, pause_s=0.5),
    "silent body": Crowd(count=50, act=lambda it: stay(it, FORGED_HEAD), pause_s=0.5),
    "early close": Crowd(count=5, act=leave_early, pause_s=0.1),
    "half close": Crowd(count=5, act=half_close, pause_s=0.1),
    "hostile head": Crowd(count=5, act=send_hostile_head, pause_s=0.1),
    "forged webhook": Crowd(count=5, act=forge, pause_s=0.1),
    "silent stream": Crowd(count=8, act=lambda it: stay(it, OPENING), pause_s=0.5),
    "unsigned stream": Crowd(count=5, act=open_unsigned, pause_s=0.1),
    "bad frames": Crowd(count=5, act=break_frames, pause_s=0.1),
    "flooding stream": Crowd(count=2, act=flood, pause_s=0.1),
}


async def attack(port: int, lasts_s: float) -> Counter[str]:
    """Do it all for *lasts_s*; gives how often each was done."""
    done: Counter[str] = Counter()
    with trio.move_on_after(lasts_s):
        async with trio.open_nursery() as nursery:
            for name, crowd, source in everybody():
                nursery.start_soon(act_again_and_again, port, name, crowd, source, done)
    return done


def everybody() -> Iterator[tuple[str, Crowd, str]]:
    """Each of the mob, with an address of his own or nearly so."""
    for kind, (name, crowd) in enumerate(CROWDS.items()):
        for number in range(crowd.count):
            yield name, crowd, f"127.1.{kind}.{1 + number % 50}"


async def act_again_and_again(
    port: int, name: str, crowd: Crowd, source: str, done: Counter[str]
) -> None:
    await trio.sleep(random.random() * ARRIVAL_S)  # noqa: S311 - it chooses moments, not secrets
    while True:
        done[name] += 1
        # Whatever the other end does about it.
        with contextlib.suppress(
            OSError, EOFError, trio.BrokenResourceError, trio.ClosedResourceError
        ):
            async with await connect(("127.0.0.1", port), source) as stream:
                await crowd.act(stream)
        await trio.sleep(crowd.pause_s)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192), most))
    sys.stdout.write(json.dumps(trio.run(attack, int(sys.argv[1]), float(sys.argv[2]))))
