"""What a peer that has proved nothing yet may take of us: time, bytes and connections."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimits:
    """How much of everything; other values than these are for tests.

    A webhook and its headers come in one piece, in milliseconds. Who takes seconds holds a place
    that somebody else could have.
    """

    head_s: float = 5.0
    body_s: float = 5.0
    body_bytes: int = 64 * 1024  # a webhook has 1 to 4 KiB
    # From the head to the end: no carrier waits longer for an answer than Plivo, which waits 55 s.
    request_s: float = 60.0
    # From its first byte: an answer is a few KiB, which a peer that reads has taken at once.
    answer_s: float = 5.0
    # After the answer, so that what the peer still sends does not make TCP withdraw it.
    linger_s: float = 1.0
    linger_bytes: int = 256 * 1024
    # How long the kernel waits for a peer that acknowledges nothing, or has no room.
    unacknowledged_s: float = 5.0
    # Webhooks being answered and heads being awaited; one takes about 50 KiB, so 25 MiB.
    visitors: int = 512
    # A carrier sends from a few addresses; a tunnel sends everything from one.
    visitors_per_address: int = 64
    # Fewer than visitors, so that who asks for one more still has a place to be told so.
    webhooks_per_address: int = 48
