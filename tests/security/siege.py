"""Ordinary calls and valid webhooks while everybody else attacks: three processes, real time."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlencode

import trio

from tests.bench.process import PAGE_BYTES
from tests.carriers.loopback import Loopback
from tests.carriers.outside import CustomerStream
from tests.security import twilio
from tests.security.carriers import PUBLIC_URL, STREAM_URL
from tests.web.hostile import PATIENCE_S, eventually
from voicecalld.audio.frame import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, SILENT_FRAME
from voicecalld.provider.http import HttpRequest

KEY = "0" * 32  # of the account that the besieged daemon has
FRAME_S = FRAME_MS / 1000
WEBHOOK_S = 0.1
PEACE_S = 1.0  # before the siege, to have something to compare with
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a siege.

    ``lost`` counts the frames of the calls that did not arrive, or not in their order, of
    ``frames`` in both directions. ``errors_s`` is by how much the times between those that were
    heard were too long or too short. ``statuses`` are those of the valid webhooks, ``took_s`` how
    long their answers took, ``peace_took_s`` likewise before the siege. ``attacks`` is how often
    each kind of them was made.
    """

    frames: int
    lost: int
    errors_s: tuple[float, ...]
    grown_bytes: int
    statuses: frozenset[int]
    took_s: tuple[float, ...]
    peace_took_s: tuple[float, ...]
    attacks: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Party:
    """The other end of one call: says nothing, fifty times a second, and counts what it hears."""

    call: str
    token: str
    sent: int = 0
    heard: list[int] = field(default_factory=list)
    next_at_s: float | None = None
    errors_s: list[float] = field(default_factory=list)

    async def talk(self, address: tuple[str, int], frames: int, heard: trio.Event) -> None:
        """Hold the call for so many frames, and until they are *heard*."""
        proof = twilio.sign_upgrade(STREAM_URL, KEY)
        async with (
            Loopback(address).open_stream(STREAM_URL, proof) as stream,
            trio.open_nursery() as nursery,
        ):
            for message in twilio.start(self.call, self.token):
                stream.send(message)
            nursery.start_soon(self.listen, stream)
            await self.speak(stream, frames)
            await heard.wait()
            nursery.cancel_scope.cancel()

    async def speak(self, stream: CustomerStream, frames: int) -> None:
        begin_s = trio.current_time()
        for number in range(1, frames + 1):
            stream.send(twilio.render_media(number, SILENT_FRAME))
            self.sent += 1
            await trio.sleep_until(begin_s + number * FRAME_S)

    async def listen(self, stream: CustomerStream) -> None:
        while messages := await stream.receive():
            for message in map(json.loads, messages):
                if message["event"] == "media":
                    self.hear(b64decode(message["media"]["payload"]))
                elif message["event"] == "mark":
                    stream.send(json.dumps({**message, "sequenceNumber": "1"}))

    def hear(self, sound: bytes) -> None:
        """Take one message with some frames in it."""
        now_s = trio.current_time()
        if self.next_at_s is not None:
            self.errors_s.append(abs(now_s - self.next_at_s))
        self.next_at_s = now_s + len(sound) / SAMPLE_RATE_HZ
        for at in range(0, len(sound), FRAME_BYTES):
            self.heard.append(sound[at] << 14 | sound[at + 1] << 7 | sound[at + 2])

    @property
    def missed(self) -> int:
        """How many frames of the story were not heard where they belong."""
        return sum(abs(after - before - 1) for before, after in pairwise(self.heard))


class Daemon:
    """The besieged program."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.input, self.output = process, process.stdin, process.stdout
        self.unread = b""

    async def read(self) -> Mapping[str, object]:
        """The next that it says."""
        while b"\n" not in self.unread:
            data = await self.output.receive_some()
            assert data, "the besieged daemon has given up"
            self.unread += data
        line, _, self.unread = self.unread.partition(b"\n")
        said: Mapping[str, object] = json.loads(line)
        return said

    async def frames_heard(self) -> int:
        """How many frames all its calls have heard."""
        await self.input.send_all(b"\n")
        heard = await self.read()
        return sum(int(str(fed)) for fed in heard.values()) // FRAME_BYTES

    async def wait_heard(self, frames: int) -> int:
        """Wait until its calls have heard so many frames, if they do; gives how many there are."""
        with trio.move_on_after(PATIENCE_S):
            while await self.frames_heard() < frames:  # noqa: ASYNC110 - another process
                await trio.sleep(10 * FRAME_S)
        return await self.frames_heard()

    @property
    def resident_bytes(self) -> int:
        """Its memory; proc_pid_statm(5)."""
        statm = Path(f"/proc/{self.process.pid}/statm").read_text("ascii")
        return int(statm.split()[1]) * PAGE_BYTES


@asynccontextmanager
async def open_daemon(calls: int, lasts_s: float) -> AsyncIterator[Daemon]:
    """The program, until the end of the block."""
    command = (sys.executable, "-m", "tests.security.besieged", str(calls), str(lasts_s))
    async with trio.open_nursery() as nursery:
        process = await nursery.start(run_piped, command)
        daemon = Daemon(process)
        yield daemon
        await daemon.input.aclose()
        with trio.move_on_after(PATIENCE_S):
            await process.wait()
        nursery.cancel_scope.cancel()


async def run_piped(command: tuple[str, ...], task_status: trio.TaskStatus[trio.Process]) -> None:
    """Run *command*, whose input and output are for us, and whose log is for nobody."""
    await trio.run_process(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        check=False,
        task_status=task_status,
    )


class Witness:
    """Sends valid webhooks, and looks at the daemon's memory."""

    def __init__(self, daemon: Daemon, address: tuple[str, int], call: str) -> None:
        self.daemon = daemon
        self.address = address
        self.call = call
        self.number = 0
        self.statuses: set[int] = set()
        self.took_s: list[float] = []
        self.most_bytes = 0

    async def watch(self) -> None:
        """Send one every 100 ms, and wait for its answer, until cancelled."""
        while True:
            began_s = trio.current_time()
            self.statuses.add(await self.send())
            self.took_s.append(trio.current_time() - began_s)
            self.most_bytes = max(self.most_bytes, self.daemon.resident_bytes)
            await trio.sleep_until(began_s + WEBHOOK_S)

    async def send(self) -> int:
        """Tell of something new; gives the status of the answer."""
        self.number += 1
        fields = {
            "AccountSid": twilio.ACCOUNT,
            "CallSid": self.call,
            "CallStatus": "in-progress",
            "CallbackSource": "call-progress-events",
            "Direction": "outbound-api",
            "SequenceNumber": str(self.number),
        }
        body = urlencode(fields).encode()
        headers = twilio.sign(PUBLIC_URL, body, unix_s=0, key=KEY)
        request = HttpRequest(method="POST", url=PUBLIC_URL, headers=headers, body=body)
        response = await Loopback(self.address).request(request)
        return response.status


async def besiege(
    lasts_s: float, calls: int, processors: AbstractSet[int] | None = None
) -> Outcome:
    """Attack a daemon for *lasts_s* while it holds so many calls.

    It runs on *processors*, which default to those that all others run on as well.
    """
    whole_s = PEACE_S + lasts_s
    async with open_daemon(calls, 2 * whole_s + 15) as daemon:
        if processors is not None:
            os.sched_setaffinity(daemon.process.pid, processors)
        said = await daemon.read()
        address = ("127.0.0.1", int(str(said["port"])))
        tickets = said["tickets"]
        assert isinstance(tickets, list)
        parties = [Party(call=each["call"], token=each["token"]) for each in tickets]
        frames, all_heard = round(whole_s / FRAME_S), trio.Event()
        witness = Witness(daemon, address, parties[0].call)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(witness.watch)
            async with trio.open_nursery() as talking:
                for party in parties:
                    talking.start_soon(party.talk, address, frames, all_heard)
                await trio.sleep(PEACE_S)
                await eventually(lambda: bool(witness.took_s))
                peace_took_s, witness.took_s = witness.took_s, []
                before_bytes = witness.most_bytes
                attacks = await send_mob(address[1], lasts_s)
                heard = await daemon.wait_heard(frames * len(parties))
                all_heard.set()
            nursery.cancel_scope.cancel()
        sent = sum(party.sent for party in parties)
        return Outcome(
            frames=sent + sum(len(party.heard) for party in parties),
            lost=sent - heard + sum(party.missed for party in parties),
            errors_s=tuple(error_s for party in parties for error_s in party.errors_s),
            grown_bytes=witness.most_bytes - before_bytes,
            statuses=frozenset(witness.statuses),
            took_s=tuple(witness.took_s),
            peace_took_s=tuple(peace_took_s),
            attacks=attacks,
        )


async def send_mob(port: int, lasts_s: float) -> Mapping[str, int]:
    """Let the mob loose; gives what it has done."""
    command = (sys.executable, "-m", "tests.security.mob", str(port), str(lasts_s))
    done = await trio.run_process(command, capture_stdout=True)
    attacks: Mapping[str, int] = json.loads(done.stdout)
    return attacks
