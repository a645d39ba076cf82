"""The media streams that are open, and those of them that have not said yet whose call it is."""

import contextlib
import enum
from collections import Counter
from collections.abc import Iterator

from voicecalld.edge_settings import StreamingSettings
from voicecalld.web.client_address import household


class Room(enum.Enum):
    """Whether there is room for another media stream."""

    ENOUGH = enum.auto()
    NONE = enum.auto()
    NONE_TO_WAIT = enum.auto()  # too many are about to say whose call they carry


class PendingStream:
    """A media stream of which nobody knows yet whose call it carries."""

    def __init__(self, client: str, pending: Counter[str]) -> None:
        self.client = client
        self.household = household(client)
        self.pending = pending
        self.is_pending = True
        pending[self.household] += 1

    def started(self) -> None:
        """Note that its call is known, so that it keeps no other from waiting; also twice."""
        if not self.is_pending:
            return
        self.is_pending = False
        self.pending[self.household] -= 1
        if not self.pending[self.household]:
            del self.pending[self.household]


class Streams:
    """Counts media streams."""

    def __init__(self, settings: StreamingSettings) -> None:
        self.settings = settings
        self.open: set[PendingStream] = set()
        self.pending: Counter[str] = Counter()

    def room(self, client: str) -> Room:
        """Whether *client* may open another one."""
        if len(self.open) >= self.settings.max_connections:
            return Room.NONE
        most = self.settings.max_pending_connections_per_ip
        if (
            self.pending.total() >= self.settings.max_pending_connections
            or self.pending[household(client)] >= most
        ):
            return Room.NONE_TO_WAIT
        return Room.ENOUGH

    @contextlib.contextmanager
    def admit(self, client: str) -> Iterator[PendingStream]:
        """Count a media stream of *client* as long as this is open."""
        stream = PendingStream(client, self.pending)
        self.open.add(stream)
        try:
            yield stream
        finally:
            stream.started()
            self.open.remove(stream)
