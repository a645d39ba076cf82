"""What is tried with media streams, none of which has a right to the call that it names."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import jwt

from tests.fakes.websocket_peer import BINARY, CLOSE, PING, TEXT, close_frame, frame
from tests.security.carriers import NOTHING_SHOWN, OTHER_KEY, OUR_KEY, Carrier
from tests.security.site import Site
from voicecalld.ids import CallId
from voicecalld.switchboard.tokens import AUDIENCE, StreamTokens

CONT = 0x0
BIG = b"*" * 65_537  # one more than there may be in a message
NORMAL, PROTOCOL_ERROR, UNSUPPORTED, NO_UTF8, POLICY, TOO_BIG = 1000, 1002, 1003, 1007, 1008, 1009
CALL_ID = CallId("id-1")
REFUSED = frozenset({400, 403, 431})  # with a token that no request can hold it is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A call that waits for its stream: what the carrier calls it, and the token of the stream.

    Another call waits as well, with a token of its own.
    """

    site: Site
    call: str
    token: str
    other_call: str
    other_token: str

    def start(self, token: str, call: str = "") -> "Attempt":
        """The beginning of a stream."""
        return Attempt(
            token=token, frames=texts(*self.site.carrier.start(call or self.call, token))
        )

    def start_behind(self, frames: bytes) -> "Attempt":
        """The right beginning of the stream, behind others."""
        return Attempt(token=self.token, frames=frames + self.start(self.token).frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The token that a stream is opened with, if any is shown so early, and what is sent then."""

    token: str | None
    frames: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAttack:
    """What is sent on a stream that proves to be the carrier's, and the code it is closed with.

    With ``good_token`` there is nothing wrong with the token itself.
    """

    name: str
    send: Callable[[Target], Attempt]
    code: int = POLICY
    good_token: bool = False

    def outcomes(self, carrier: Carrier, attempt: Attempt) -> frozenset[int]:
        """How the *attempt* may end, as the status of a refusal or as the code of a close."""
        shows = attempt.token is not None and carrier.show(attempt.token) != NOTHING_SHOWN
        if not self.good_token and (shows or not carrier.start_shows_token):
            return REFUSED
        return frozenset({self.code})


def texts(*messages: str) -> bytes:
    return b"".join(frame(TEXT, message.encode()) for message in messages)


# --- tokens ------------------------------------------------------------------------------


def by_a_token_that_is_none() -> Iterator[StreamAttack]:
    for name, token in {
        "an empty token": "",
        "a blank token": " ",
        "the call for a token": CALL_ID,
        "two dots": "..",
        "many dots": "." * 1000,
        "a token that is not ASCII": "tök.en.ü",
        "a token with half a character": "\ud800.\udfff.",
        "a token with a NUL": "a\0b.c.d",
        "a long token": "a" * 60_000,
        "a token of five parts": "a.b.c.d.e",
    }.items():
        yield StreamAttack(name=name, send=starting_with(token))
    yield StreamAttack(name="no token", send=without_token)
    yield StreamAttack(name="a token with a blank", send=lambda it: it.start(" ".join(it.token)))
    yield StreamAttack(name="half a token", send=lambda it: it.start(it.token[:-4]))
    yield StreamAttack(name="two tokens", send=lambda it: it.start(f"{it.token},{it.token}"))
    yield StreamAttack(name="a token in capitals", send=lambda it: it.start(it.token.upper()))


def starting_with(token: str) -> Callable[[Target], Attempt]:
    return lambda target: target.start(token)


def without_token(target: Target) -> Attempt:
    messages = target.site.carrier.start(target.call, "secret")
    changed = (message.replace('"token": "secret"', '"tokens": "a"') for message in messages)
    return Attempt(token=None, frames=texts(*changed))


# --- forged tokens -----------------------------------------------------------------------

HEADERS: Mapping[str, Mapping[str, object]] = {
    "alg none": {"alg": "none"},
    "alg None": {"alg": "None"},
    "alg NONE": {"alg": "NONE"},
    "no alg": {},
    "alg empty": {"alg": ""},
    "alg null": {"alg": None},
    "alg a list": {"alg": ["HS256", "none"]},
    "alg an object": {"alg": {"a": "HS256"}},
    "alg hs256": {"alg": "hs256"},
    "alg RS256": {"alg": "RS256"},
    "alg none with a key's name": {"alg": "none", "kid": "../../../../dev/null"},
    "a part that is critical": {"alg": "HS256", "crit": ["exp"], "exp": 0},
    "a body elsewhere": {"alg": "HS256", "b64": False, "crit": ["b64"]},
    "a key of its own": {"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}},
    "a key at a URL": {"alg": "HS256", "jku": "https://evil.example/keys"},
}


def by_a_forged_token() -> Iterator[StreamAttack]:
    for name, header in HEADERS.items():
        for signature in ("", "AAAA"):
            yield StreamAttack(
                name=f"{name}, signature {signature!r}", send=forging(header, signature)
            )
    yield StreamAttack(name="a header with a deep inside", send=deep_header)
    yield StreamAttack(name="a header that is a list", send=odd_header([1, 2]))
    yield StreamAttack(name="a header with an enormous number", send=odd_header("9" * 40_000))
    for key in (OTHER_KEY, "", OUR_KEY[:16], "secret"):
        yield StreamAttack(name=f"signed with the key {key!r}", send=signing("HS256", key))
    yield StreamAttack(name="signed by HS512 with our key", send=signing("HS512", OUR_KEY))
    yield StreamAttack(name="for another call, with the old signature", send=change_claim)
    yield StreamAttack(name="without its signature", send=lambda it: it.start(cut(it.token)))
    yield StreamAttack(name="with another's signature", send=swap_signature)


def claims_of(target: Target) -> dict[str, object]:
    """What a good token for the call would say."""
    return {
        "aud": AUDIENCE,
        "iss": target.site.provider.name,
        "sub": CALL_ID,
        "jti": "forged",
        "exp": int(target.site.tokens.unix_clock()) + 50,
    }


def encode(part: object) -> str:
    text = part if isinstance(part, str) else json.dumps(part)
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def forging(header: Mapping[str, object], signature: str) -> Callable[[Target], Attempt]:
    def send(target: Target) -> Attempt:
        return target.start(f"{encode(header)}.{encode(claims_of(target))}.{signature}")

    return send


def odd_header(header: object) -> Callable[[Target], Attempt]:
    return lambda target: target.start(f"{encode(header)}.{encode(claims_of(target))}.AAAA")


def deep_header(target: Target) -> Attempt:
    return odd_header('{"alg": ' + "[" * 20_000 + "]" * 20_000 + "}")(target)


def signing(algorithm: str, key: str) -> Callable[[Target], Attempt]:
    def send(target: Target) -> Attempt:
        header = encode({"alg": algorithm, "typ": "JWT"})
        signed = f"{header}.{encode(claims_of(target))}"
        digest = jwt.get_algorithm_by_name(algorithm).sign(signed.encode(), key.encode())
        return target.start(f"{signed}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}")

    return send


def change_claim(target: Target) -> Attempt:
    header, _, signature = target.other_token.split(".")
    return target.start(f"{header}.{encode(claims_of(target))}.{signature}")


def cut(token: str) -> str:
    return token.rpartition(".")[0] + "."


def swap_signature(target: Target) -> Attempt:
    signature = target.other_token.rpartition(".")[2]
    return target.start(target.token.rpartition(".")[0] + "." + signature)


# --- good tokens of something else --------------------------------------------------------


def by_the_token_of_something_else() -> Iterator[StreamAttack]:
    yield StreamAttack(
        name="the token of another call",
        send=lambda it: it.start(
            it.site.tokens.mint(it.site.provider.name, CALL_ID), it.other_call
        ),
        good_token=True,
    )
    yield StreamAttack(name="the token of another carrier", send=by_another_carrier)
    yield StreamAttack(
        name="the token of a call that nobody has", send=for_an_unknown_call, good_token=True
    )
    yield StreamAttack(name="the token of another daemon", send=by_another_daemon)
    yield StreamAttack(
        name="a call that nobody has",
        send=lambda it: it.start(
            it.site.tokens.mint(it.site.provider.name, CALL_ID),
            it.site.carrier.call(99),
        ),
        good_token=True,
    )


def by_another_carrier(target: Target) -> Attempt:
    return target.start(target.site.tokens.mint("elsewhere", CALL_ID))


def for_an_unknown_call(target: Target) -> Attempt:
    name = target.site.provider.name
    return target.start(target.site.tokens.mint(name, CallId("id-99")))


def by_another_daemon(target: Target) -> Attempt:
    tokens = StreamTokens(OTHER_KEY.encode(), target.site.tokens.unix_clock)
    return target.start(tokens.mint(target.site.provider.name, CALL_ID))


# --- out of turn ---------------------------------------------------------------------------


def out_of_turn() -> Iterator[StreamAttack]:
    for name, send in {
        "media before start": lambda it: it.start_behind(texts(it.site.carrier.media)),
        "a mark before start": behind(MARK),
        "a key before start": behind(KEY),
        "a stop before start": behind('{"event":"stop"}'),
    }.items():
        yield StreamAttack(name=name, send=send, good_token=True)
    yield StreamAttack(name="goodbye", send=say_goodbye, code=NORMAL, good_token=True)


MARK = '{"event":"mark","mark":{"name":"1.1"}}'
KEY = '{"event":"dtmf","dtmf":{"digit":"1"}}'


def say_goodbye(target: Target) -> Attempt:
    return Attempt(token=target.token, frames=close_frame(NORMAL))


def behind(message: str) -> Callable[[Target], Attempt]:
    return lambda target: target.start_behind(texts(message))


def by_bad_messages() -> Iterator[StreamAttack]:
    for name, message in {
        "no JSON": "hello",
        "nothing": "",
        "half a JSON": '{"event":"start"',
        "a list": "[]",
        "a number": "1e999",
        "no event": "{}",
        "a start with nothing in it": '{"event":"start"}',
        "an event that is an object": '{"event":{}}',
        "a deep one": "[" * 30_000,
        "a deep object": '{"event":' * 5_000,
        "an enormous number": '{"event":' + "9" * 30_000 + "}",
    }.items():
        yield StreamAttack(name=f"message: {name}", send=behind(message), good_token=True)


# --- the protocol below ----------------------------------------------------------------------


def fragmented(text: bytes, count: int) -> bytes:
    """One message in so many frames."""
    cuts = [len(text) * number // count for number in range(count + 1)]
    pieces = [text[begin:end] for begin, end in pairwise(cuts)]
    first, *others, last = pieces
    frames = [frame(TEXT, first, fin=False)]
    frames += [frame(CONT, piece, fin=False) for piece in others]
    return b"".join((*frames, frame(CONT, last)))


def two_at_once() -> bytes:
    return frame(TEXT, b"{", fin=False) + frame(TEXT, b"}")


# What no peer may send, whoever it is, and the code that it is told.
BAD_FRAMES: Sequence[tuple[str, bytes, int]] = (
    ("a giant message", frame(TEXT, BIG), TOO_BIG),
    ("the head of a giant", b"\x81\xff" + (1 << 40).to_bytes(8), TOO_BIG),
    ("the head of the greatest", b"\x81\xff" + b"\xff" * 8, TOO_BIG),
    ("a giant in fragments", fragmented(BIG, 50), POLICY),  # more than a stranger may say
    ("a message in very many fragments", fragmented(BIG[:2000], 1000), POLICY),
    ("a frame without a mask", frame(TEXT, b"{}", mask=None), PROTOCOL_ERROR),
    ("reserved bit 1, as if compressed", frame(TEXT, b"\xaa\x56", rsv=4), PROTOCOL_ERROR),
    ("reserved bit 2", frame(TEXT, b"{}", rsv=2), PROTOCOL_ERROR),
    ("reserved bit 3", frame(TEXT, b"{}", rsv=1), PROTOCOL_ERROR),
    ("a reserved opcode", frame(0x3, b"{}"), PROTOCOL_ERROR),
    ("a reserved opcode of control", frame(0xB), PROTOCOL_ERROR),
    ("a message of bytes", frame(BINARY, b"{}"), UNSUPPORTED),
    ("no UTF-8", frame(TEXT, b"\xff\xfe"), NO_UTF8),
    ("a continuation of nothing", frame(CONT, b"{}"), PROTOCOL_ERROR),
    ("a ping in fragments", frame(PING, fin=False), PROTOCOL_ERROR),
    ("a ping that is too long", frame(PING, b"*" * 126), PROTOCOL_ERROR),
    ("a message inside of another", two_at_once(), PROTOCOL_ERROR),
    ("a close of one byte", frame(CLOSE, b"\x03"), PROTOCOL_ERROR),
    ("a close with a forbidden code", close_frame(1005), PROTOCOL_ERROR),
)


def by_bad_frames() -> Iterator[StreamAttack]:
    for name, data, code in BAD_FRAMES:
        yield StreamAttack(name=f"frame: {name}", send=sending(data), code=code, good_token=True)


def sending(data: bytes) -> Callable[[Target], Attempt]:
    return lambda target: target.start_behind(data)


FAMILIES: Mapping[str, Sequence[StreamAttack]] = {
    "a token that is none": tuple(by_a_token_that_is_none()),
    "a forged token": tuple(by_a_forged_token()),
    "the token of something else": tuple(by_the_token_of_something_else()),
    "out of turn": tuple(out_of_turn()),
    "bad messages": tuple(by_bad_messages()),
    "bad frames": tuple(by_bad_frames()),
}
