"""Several carriers behind one door: each has paths of its own, and none can pass for another."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from plivo.utils.signature_v3 import construct_post_url, get_signature_v3
from trio.testing import MockClock

from tests.provider.telnyx.signing import PUBLIC_KEY, signature_of
from tests.security.carriers import OUR_KEY, PUBLIC_URL, STREAM_URL
from tests.security.message import PATH, Message
from tests.security.site import Site, open_site, settings_for
from tests.security.stream_attacks import texts
from tests.security.twilio import TWILIO
from tests.web.hostile import ask, status_of
from voicecalld.errors import BadParameterError, CallRefusedError
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.network_carrier import open_network_carriers

CARRIERS = ("twilio", "telnyx", "plivo")
ACCOUNTS: Mapping[str, Any] = {
    "twilio": {**TWILIO.settings["twilio"], "from_number": "+15550111"},
    "telnyx": {
        "api_key": "KEY0123",
        "public_key": PUBLIC_KEY,
        "connection_id": "1684641123236054244",
        "from_number": "+15550112",
    },
    "plivo": {"auth_id": "MA" + "0" * 18, "auth_token": OUR_KEY},
}
PLIVO_CALL = "b7c1e2d4-60f1-11ef-9a55-0242ac110003"
NONCE = "31627761595286130198"
FORM = "application/x-www-form-urlencoded"
CALLEE = PhoneNumber("+15550177")

each_carrier = pytest.mark.parametrize("carrier", CARRIERS)
each_two = pytest.mark.parametrize(("carrier", "other"), [*permutations(CARRIERS, 2)])


@asynccontextmanager
async def open_door(default: str = "twilio") -> AsyncIterator[Site]:
    """A door for all three carriers; *default* places the calls."""
    async with open_site(TWILIO, **{**ACCOUNTS, "provider": default}) as site:
        yield site


def body_of(carrier: str) -> bytes:
    """A webhook about something that is news to us, and that nothing comes of."""
    match carrier:
        case "telnyx":
            data = {"event_type": "call.teleported", "id": "1", "payload": {}}
            return json.dumps({"data": data}).encode()
        case "plivo":
            return f"CallUUID={PLIVO_CALL}&Event=Teleported&CallStatus=in-progress".encode()
        case _:
            return f"CallSid={TWILIO.call(1)}&CallbackSource=a&CallStatus=teleported".encode()


def sign(carrier: str, url: str, body: bytes, unix_s: float) -> Mapping[str, str]:
    """The headers by which *carrier* proves that *body* is for *url*."""
    match carrier:
        case "telnyx":
            time = str(int(unix_s))
            signature = signature_of(f"{time}|".encode() + body)
            return {"telnyx-timestamp": time, "telnyx-signature-ed25519": signature}
        case "plivo":
            fields = dict(parse_qsl(body.decode()))
            text = construct_post_url(url, fields).decode()
            signature = get_signature_v3(OUR_KEY, text, NONCE).decode()
            names = ("content-type", "x-plivo-signature-v3", "x-plivo-signature-v3-nonce")
            return dict(zip(names, (FORM, signature, NONCE), strict=True))
        case _:
            return TWILIO.sign(url, body, unix_s=unix_s)


def webhook(site: Site, carrier: str, suffix: str, signed_for: str | None = None) -> Message:
    """A webhook of *carrier* at the path with *suffix*, signed for that if for no other."""
    url = PUBLIC_URL + (suffix if signed_for is None else signed_for)
    body = body_of(carrier)
    headers = sign(carrier, url, body, site.tokens.unix_clock())
    return Message(headers=(), body=body, path=PATH + suffix).with_headers(headers)


# --- webhooks --------------------------------------------------------------------------


@each_carrier
async def test_the_default_carrier_comes_in_by_the_plain_path_and_by_its_own(carrier: str) -> None:
    async with open_door(default=carrier) as site:
        answers = [
            await site.send(webhook(site, carrier, suffix)) for suffix in ("", f"/{carrier}")
        ]

    assert [answer.status for answer in answers] == [200, 200]


@each_two
async def test_any_other_comes_in_by_its_own_path_alone(carrier: str, other: str) -> None:
    async with open_door(default=other) as site:
        plain = await site.send(webhook(site, carrier, ""))
        own = await site.send(webhook(site, carrier, f"/{carrier}"))

    assert (plain.status, own.status) == (401, 200)


@each_two
async def test_a_webhook_of_one_carrier_is_refused_at_the_path_of_another(
    carrier: str, other: str
) -> None:
    async with open_door() as site:
        before = site.trace()
        stray = webhook(site, carrier, f"/{other}")
        # With the other's headers as well, so that it is looked at.
        proof = sign(other, PUBLIC_URL, b"", site.tokens.unix_clock())
        own = {name: value.decode() for name, value in stray.headers}

        answers = [await site.send(stray), await site.send(stray.with_headers({**proof, **own}))]

        assert [answer.status for answer in answers] == [401, 401]
        assert site.trace() == before


@pytest.mark.parametrize("carrier", ["twilio", "plivo"])  # Telnyx signs no URL
@pytest.mark.parametrize(("own", "signed_for"), [(True, False), (False, True)])
async def test_what_was_signed_for_one_of_the_paths_is_not_genuine_at_the_other(
    carrier: str, *, own: bool, signed_for: bool
) -> None:
    suffix = {True: f"/{carrier}", False: ""}
    async with open_door(default=carrier) as site:
        answer = await site.send(webhook(site, carrier, suffix[own], suffix[signed_for]))

    assert answer.status == 401


@pytest.mark.parametrize("suffix", ["/mock", "/vonage", "/Twilio", "/twilio/twilio", "/plivo"])
async def test_there_is_no_path_for_a_carrier_without_an_account(suffix: str) -> None:
    accounts = {name: ACCOUNTS[name] for name in ("twilio", "telnyx")}
    async with open_site(TWILIO, **accounts) as site:
        answer = await site.send(webhook(site, "twilio", suffix))

    assert answer.status == 404


@each_carrier
async def test_every_carrier_is_told_the_urls_by_which_it_may_come_in(carrier: str) -> None:
    async with open_door(default=carrier) as site:
        told = {name: site.network.carriers[name].links for name in CARRIERS}

    suffixes = {name: "" if name == carrier else f"/{name}" for name in CARRIERS}
    assert {name: links.webhook_url for name, links in told.items()} == {
        name: PUBLIC_URL + suffix for name, suffix in suffixes.items()
    }
    assert {name: links.stream_url for name, links in told.items()} == {
        name: STREAM_URL + suffix for name, suffix in suffixes.items()
    }


@each_two
async def test_a_stray_of_another_carrier_is_told_its_url(carrier: str, other: str) -> None:
    async with open_door(default=other) as site:
        await site.send(webhook(site, carrier, ""))

    (told,) = (entry for entry in site.logged if entry["event"] == "webhook refused")
    assert told["reason"] == (
        f"no {other.title()} signature; it looks like {carrier.title()}'s, "
        f"whose URL is {PUBLIC_URL}/{carrier}"
    )


async def test_the_log_names_the_paths_and_urls_of_every_carrier() -> None:
    async with open_door() as site:
        pass

    (door,) = (entry for entry in site.logged if entry["event"] == "edge open")
    both = [*door["webhooks"], *door["streams"]]
    suffixes = ["", "/twilio", "/telnyx", "/plivo"]
    assert both == [f"/voice/{kind}{end}" for kind in ("webhook", "stream") for end in suffixes]
    told = {
        entry["provider"]: entry for entry in site.logged if entry["event"] == "carrier in use"
    }
    assert {name: entry["paths"] for name, entry in told.items()} == {
        "twilio": [PATH, f"{PATH}/twilio"],
        "telnyx": [f"{PATH}/telnyx"],
        "plivo": [f"{PATH}/plivo"],
    }
    plivo = told["plivo"]
    assert (plivo["webhooks"], plivo["streams"]) == (f"{PUBLIC_URL}/plivo", f"{STREAM_URL}/plivo")


async def test_streams_are_not_told_of_where_there_are_none() -> None:
    async with open_site(TWILIO, streaming={"enabled": False}) as site:
        pass

    (told,) = (entry for entry in site.logged if entry["event"] == "carrier in use")
    assert "streams" not in told


# --- streams ---------------------------------------------------------------------------


def upgrade(site: Site, carrier: str, suffix: str, minted_for: str | None = None) -> bytes:
    """A request of *carrier* to open a stream, with the token of that or of another carrier."""
    token = site.tokens.mint(minted_for or carrier, CallId("id-1"))
    query, proof = "", {}
    match carrier:
        case "telnyx":
            proof = {"x-telnyx-streaming-auth-token": token}
        case "plivo":
            query = f"?token={token}"
        case _:
            proof = dict(TWILIO.sign_upgrade(STREAM_URL + suffix, OUR_KEY))
    asked = site.upgrade(proof=proof).replace("/voice/stream ", f"/voice/stream{suffix}{query} ")
    return asked.encode()


@each_carrier
async def test_streams_of_the_default_carrier_come_by_both_paths(carrier: str) -> None:
    async with open_door(default=carrier) as site:
        for suffix in ("", f"/{carrier}"):
            async with site.connect_stream() as peer:
                head = await peer.open(upgrade(site, carrier, suffix).decode())

            assert head.startswith("HTTP/1.1 101 ")


@each_two
async def test_a_stream_of_one_carrier_is_refused_at_the_path_of_another(
    carrier: str, other: str
) -> None:
    async with open_door() as site:
        token = await site.take_call()
        start = texts(*TWILIO.start(TWILIO.call(1), token))
        before = site.trace()

        answer = await ask(site.address, upgrade(site, carrier, f"/{other}") + start)

        assert status_of(answer) == 403
        assert replace(site.trace(), tokens=before.tokens) == before


@pytest.mark.parametrize(
    ("carrier", "other"),
    [two for two in permutations(CARRIERS, 2) if two[0] != "twilio"],  # that shows it later
)
async def test_a_token_for_one_carrier_opens_no_stream_of_another(
    carrier: str, other: str
) -> None:
    async with open_door() as site:
        answer = await ask(site.address, upgrade(site, carrier, f"/{carrier}", other))

    assert status_of(answer) == 403


async def test_there_is_no_stream_for_a_carrier_without_an_account() -> None:
    async with open_site(TWILIO) as site:
        answer = await ask(site.address, upgrade(site, "plivo", "/plivo"))

    assert status_of(answer) == 404


# --- placing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "placed_with", "from_number"),
    [
        (None, "twilio", "+15550111"),
        ("twilio", "twilio", "+15550111"),
        ("telnyx", "telnyx", "+15550112"),
        ("plivo", "plivo", TWILIO.settings["from_number"]),  # it has none of its own
    ],
)
async def test_a_call_is_placed_with_the_carrier_that_is_asked_for_and_from_its_number(
    asked: str | None, placed_with: str, from_number: str, autojump_clock: MockClock
) -> None:
    async with open_door() as site:
        with pytest.raises(CallRefusedError):  # no carrier's answer: but the request was sent
            await site.switchboard.place(
                to=CALLEE, message="Hello.", mode=None, idempotency_key=None, provider=asked
            )
        links = site.network.carriers[placed_with].links

    request, *_ = site.link.requests
    assert f"api.{placed_with}.com/" in request.url
    said = unquote(request.body.decode())
    assert from_number in said
    assert links.webhook_url in said
    (record,) = site.ledger.latest().values()
    assert (record.provider, record.from_number) == (placed_with, from_number)


async def test_every_carrier_has_a_way_of_its_own_to_its_rest_api() -> None:
    settings = settings_for(TWILIO, {**ACCOUNTS, "serve": {"port": 0}})

    async with open_network_carriers(settings) as network:
        links = [carrier.link for carrier in network.carriers.values()]

    assert len({id(link) for link in links}) == len(CARRIERS)


async def test_a_carrier_that_there_is_not_is_refused_and_the_others_are_named() -> None:
    async with open_door() as site:
        with pytest.raises(BadParameterError, match=r"'mock'.*: plivo, telnyx, twilio") as refused:
            await site.switchboard.place(
                to=CALLEE, message="Hello.", mode=None, idempotency_key=None, provider="mock"
            )

        assert refused.value.parameter == "provider"
        assert site.link.requests == []
