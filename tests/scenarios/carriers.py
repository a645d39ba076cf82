"""How the carriers differ, as a daemon and a telephone see them: one row for each carrier.

What is played is the same for all of them, see `tests.scenarios.stage`. A carrier that is neither
in the table nor exempt fails a test.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.carriers.carrier import SimulatedCarrier
from tests.carriers.ledger import Ledger
from tests.carriers.plivo import carrier as plivo
from tests.carriers.plivo.wire import Warned
from tests.carriers.telnyx import carrier as telnyx
from tests.carriers.telnyx.postman import render_public_key
from tests.carriers.telnyx.wire import WEBHOOK_UNTAKEN
from tests.carriers.twilio import carrier as twilio
from tests.carriers.twilio.leg import Inline

OURS, THEIRS = "+13105550142", "+12065550117"

# Numbers that look like the one that may call us.
STRANGERS = (THEIRS[:-1], THEIRS + "0", "+464", "sip:" + THEIRS, "+12065550118")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One carrier: how it is set up and simulated, and what its words for things are.

    ``config`` is its part of the daemon's settings, for a REST API at ``{api_port}``; ``secrets``
    are in the daemon's environment. ``opens`` makes the simulator, which is told a port, where
    the daemon is, and who answers.

    ``reports`` are the webhooks of a conversation over a media stream, in order, but for those
    that ask for a document and ``detected``. Without the ``dispensable`` ones a call goes on all
    the same. ``asks`` are its webhooks after which somebody has to say something, or another of
    them follows. ``is_rejected`` says whether the daemon has refused a call to us, which the
    carrier then calls ``rejected``. ``hang_up`` is how the carrier's ledger tells that the daemon
    has ended a call, which is ``completed`` then. ``strangers`` may not call where THEIRS alone
    may. ``reasons`` are why a call was not taken, by the callee's behaviour. It complains with
    ``unanswered_code`` of a daemon that is not there.

    A call is placed for ``ring_s`` and ``limit_s``, and ``repeats_dials`` if nobody knows what
    came of it. ``opening`` gives what a notification was placed with, if the carrier takes it.
    """

    name: str
    config: str
    secrets: Mapping[str, str]
    opens: Callable[..., AbstractAsyncContextManager[SimulatedCarrier]]
    reports: tuple[str, ...]
    dispensable: tuple[str, ...]
    is_rejected: Callable[[Ledger, str], bool]
    rejected: str
    completed: str
    asks: frozenset[str]
    hang_up: str
    strangers: tuple[str, ...]
    reasons: Mapping[str, str]
    unanswered_code: int
    ring_s: float = 30
    limit_s: float = 330
    repeats_dials: bool = False
    opening: Callable[[Any], str] | None = None


def answered_with(document: bytes) -> Callable[[Ledger, str], bool]:
    """Whether a call to us was answered with *document* alone."""

    def is_rejected(ledger: Ledger, call: str) -> bool:
        bodies = [hook.body for hook in ledger.webhooks_of(call, "asks")]
        return [body.partition(b"<Response>")[2] for body in bodies] == [document]

    return is_rejected


def inline_document(order: Any) -> str:
    """What Twilio was told when the call was placed."""
    assert isinstance(order.source, Inline)
    return order.source.twiml


TWILIO = Carrier(
    name="twilio",
    config=f"""
twilio.account_sid = "{twilio.ACCOUNT_SID}"
twilio.api_base_url = "http://127.0.0.1:{{api_port}}"
""",
    secrets={"TWILIO_AUTH_TOKEN": twilio.AUTH_TOKEN},
    opens=twilio.open_twilio,
    reports=("initiated", "ringing", "answered", "completed"),
    dispensable=("initiated", "ringing", "answered", "completed"),
    is_rejected=answered_with(b"<Reject/></Response>"),
    rejected="no-answer",
    completed="completed",
    asks=frozenset({"asks"}),
    hang_up="POST {call}: 200",
    strangers=(THEIRS[1:], *STRANGERS),
    reasons={"busy": "busy", "no-answer": "no-answer", "rejects": "failed"},
    unanswered_code=15003,
    opening=inline_document,
)

TELNYX_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

# It takes commands instead of asking for documents, so the daemon has to know that a call was
# answered: the other events may get lost, that one may not. A command is never done twice, so a
# dial may be repeated. What is said first is said by a command as well. While its own voice
# speaks, words are not listened to: it could not be told in time to be silent.
TELNYX = Carrier(
    name="telnyx",
    config=f"""
telnyx.connection_id = "{telnyx.CONNECTION_ID}"
telnyx.public_key = "{render_public_key(TELNYX_KEY)}"
telnyx.api_base_url = "http://127.0.0.1:{{api_port}}"
""",
    secrets={"TELNYX_API_KEY": telnyx.API_KEY},
    opens=partial(telnyx.open_telnyx, signing_key=TELNYX_KEY),
    reports=("call.initiated", "call.answered", "streaming.started", "call.hangup"),
    dispensable=("call.initiated", "streaming.started", "streaming.stopped", "call.hangup"),
    is_rejected=lambda ledger, call: f"POST {call} reject: 200" in ledger.requests,
    rejected="call_rejected",
    completed="normal_clearing",
    asks=frozenset({"call.initiated", "call.answered"}),
    hang_up="POST {call} hangup: 200",
    strangers=(THEIRS[1:], *STRANGERS),
    reasons={"busy": "busy", "no-answer": "no-answer", "rejects": "failed"},
    unanswered_code=WEBHOOK_UNTAKEN,
    repeats_dials=True,
)

# It writes numbers without a plus, so nobody can call from one that lacks it. It asks for a
# document at the answer in any case: a notification cannot go along with the order.
PLIVO = Carrier(
    name="plivo",
    config=f"""
plivo.auth_id = "{plivo.AUTH_ID}"
plivo.api_base_url = "http://127.0.0.1:{{api_port}}"
""",
    secrets={"PLIVO_AUTH_TOKEN": plivo.AUTH_TOKEN},
    opens=plivo.open_plivo,
    reports=("Ring", "Hangup"),
    dispensable=("Ring", "Hangup"),
    is_rejected=answered_with(b'<Hangup reason="rejected"/></Response>'),
    rejected="failed",
    completed="completed",
    asks=frozenset({"asks"}),
    hang_up="DELETE {call}: 204",
    strangers=STRANGERS,
    reasons={"busy": "busy", "no-answer": "no-answer", "rejects": "failed"},
    unanswered_code=Warned.REPORT_NOT_TAKEN,
)

CARRIERS: Mapping[str, Carrier] = {row.name: row for row in (TWILIO, TELNYX, PLIVO)}

# Carriers that are played with elsewhere, and why.
EXEMPT: Mapping[str, str] = {
    "mock": "it is inside of the daemon, so there is no network to fail: see tests/demo",
}

each_carrier = pytest.mark.parametrize("carrier", CARRIERS.values(), ids=[*CARRIERS])
