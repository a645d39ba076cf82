"""The media streams of a history: those of the carrier, and those of somebody else."""

from collections.abc import Iterable

import trio

from tests.histories.facts import Kind
from tests.histories.world import World
from tests.security.carriers import OUR_KEY, STREAM_URL
from voicecalld.net.message_stream import POLICY_VIOLATION, MemoryStream, open_memory_streams
from voicecalld.provider.http import Webhook
from voicecalld.switchboard.reception import ignore


class Media:
    """Opens streams as the carrier was told to."""

    def __init__(self, world: World, nursery: trio.Nursery) -> None:
        self.world = world
        self.nursery = nursery
        self.used_tokens: set[str] = set()

    def open(self, *, forged: bool) -> None:
        """Open the stream that was asked for last, or one with a token that is none.

        With a token that was used it is somebody else's as well.
        """
        leg = self.world.leg
        if leg is None or not leg.token:
            return
        is_genuine = not forged and leg.token not in self.used_tokens
        if is_genuine and not leg.is_alive:
            return
        token = f"{leg.token}x" if forged else leg.token
        upgrade = self.build_upgrade(token)
        if not self.world.site.reception.welcomes(upgrade, ""):
            if is_genuine:
                self.world.complain("a genuine stream was not welcome")
            return
        self.serve(
            self.world.dialect.carrier.start(leg.name, token), upgrade, is_genuine=is_genuine
        )
        if is_genuine:
            self.used_tokens.add(token)
            self.world.count("streams")
            self.world.note(Kind.CONNECTED)

    def build_upgrade(self, token: str) -> Webhook:
        """The request that opens a stream with *token*, as far as the carrier shows it there."""
        carrier = self.world.dialect.carrier
        shown = carrier.show(token)
        url = f"{STREAM_URL}?{shown.query}" if shown.query else STREAM_URL
        headers = {**carrier.sign_upgrade(url, OUR_KEY), **shown.headers}
        return Webhook(method="GET", url=url, headers=headers, body=b"")

    def serve(self, start: Iterable[str], upgrade: Webhook, *, is_genuine: bool) -> None:
        """Connect a stream that begins with the messages of *start*."""
        ours, theirs = open_memory_streams()
        for message in start:
            theirs.send(message)
        if is_genuine:
            self.world.streams.append(theirs)
        reception = self.world.site.reception
        self.nursery.start_soon(reception.serve_stream, ours, ignore, upgrade)
        self.nursery.start_soon(self.read, theirs, is_genuine)

    async def read(self, stream: MemoryStream, is_genuine: bool) -> None:
        """Take what we send, to the end of the stream."""
        messages = 0
        while heard := await stream.receive():
            messages += len(heard)
        if not is_genuine and (messages or stream.peer.close_code != POLICY_VIOLATION):
            self.world.complain("a stream was served that is not the carrier's")
