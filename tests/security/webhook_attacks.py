"""What is tried with webhooks: each row is a change of a genuine one, and how it is answered."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.security.carriers import OTHER_KEY, OUR_KEY, PUBLIC_URL, Carrier
from tests.security.message import PATH, Message
from tests.security.site import QUERY, Site

UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttack:
    """How a genuine webhook is changed before it is sent, and the status that answers it.

    It is no attack on a carrier that does not *apply*: one that signs less.
    """

    name: str
    change: Callable[[Site, Message], Message]
    status: int = UNAUTHORIZED
    applies: Callable[[Carrier], bool] = lambda _carrier: True


# --- signatures that are none -----------------------------------------------------------

WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}  # the fullwidth forms of Unicode

# What becomes of the right value of the header: none, one or several.
VALUES: Mapping[str, Callable[[bytes], tuple[bytes, ...]]] = {
    "missing": lambda _right: (),
    "empty": lambda _right: (b"",),
    "blank": lambda _right: (b"   ",),
    "no signature": lambda _right: (b"let me in",),
    "a character short": lambda right: (right[:-1],),
    "a character long": lambda right: (right + right[-1:],),
    "half": lambda right: (right[: len(right) // 2],),
    "padded": lambda right: (right + b"==",),
    "in the other case": lambda right: (right.swapcase(),),
    "in quotes": lambda right: (b'"' + right + b'"',),
    "cut by a blank": lambda right: (right[:5] + b" " + right[5:],),
    "with the algorithm": lambda right: (b"sha256=" + right,),
    "encoded once more": lambda right: (base64.b64encode(right),),
    "in hexadecimal": lambda right: (right.hex().encode(),),
    "escaped": lambda right: (b"".join(b"%%%02X" % byte for byte in right),),
    "all the same": lambda right: (b"A" * (len(right) - 1) + b"=",),
    "all zeros": lambda right: (b"0" * len(right),),
    "not ASCII": lambda right: (right[:-1] + b"\xe9",),
    "UTF-8": lambda right: (right.decode().translate(WIDE).encode(),),
    "not UTF-8": lambda right: (right[:-2] + b"\xff\xfe",),
    "very long": lambda right: (right * 100,),
    "wrong by a bit": lambda right: (bytes((right[0] ^ 1,)) + right[1:],),
    "right and wrong": lambda right: (right, b"B" + right[1:]),
    "wrong and right": lambda right: (b"B" + right[1:], right),
    "right twice": lambda right: (right, right),
    "a list of right ones": lambda right: (right + b", " + right,),
    "a list with a right one": lambda right: (b"B" + right[1:] + b"," + right,),
}


def with_a_signature_that_is_none() -> Iterator[WebhookAttack]:
    for name, spoil in VALUES.items():
        yield WebhookAttack(name=f"signature {name}", change=spoiling(spoil))
    yield WebhookAttack(name="signature in the query", change=put_signature_into_query)
    yield WebhookAttack(name="signature under another name", change=rename_signature)


def spoiling(
    spoil: Callable[[bytes], tuple[bytes, ...]],
) -> Callable[[Site, Message], Message]:
    def change(site: Site, genuine: Message) -> Message:
        header = site.carrier.signature_header
        return genuine.with_header(header, *spoil(genuine.value(header)))

    return change


def put_signature_into_query(site: Site, genuine: Message) -> Message:
    header = site.carrier.signature_header
    query = f"{genuine.query}&{header}={genuine.value(header).hex()}"
    return replace(genuine.with_header(header), query=query)


def rename_signature(site: Site, genuine: Message) -> Message:
    header = site.carrier.signature_header
    renamed = genuine.with_header(header.replace("-", "_"), genuine.value(header))
    return renamed.with_header(header)


# --- signatures of something else -------------------------------------------------------

OTHER_URLS = {
    "http": PUBLIC_URL.replace("https:", "http:") + f"?{QUERY}",
    "another host": f"https://evil.example{PATH}?{QUERY}",
    "a host below ours": f"https://a.calls.example.test{PATH}?{QUERY}",
    "another port": f"https://calls.example.test:8443{PATH}?{QUERY}",
    "another path": f"https://calls.example.test/other?{QUERY}",
    "a slash more": f"{PUBLIC_URL}/?{QUERY}",
    "another query": f"{PUBLIC_URL}?from=elsewhere",
    "no query": PUBLIC_URL,
    "a longer query": f"{PUBLIC_URL}?{QUERY}&callId=id-1",
    "a query in another order": f"{PUBLIC_URL}?node=main&{QUERY}",
    "a user": f"https://a:b@calls.example.test{PATH}?{QUERY}",
    "a host in capitals": f"https://CALLS.example.test{PATH}?{QUERY}",
    "the media streams": f"wss://calls.example.test/voice/stream?{QUERY}",
}


def with_the_signature_of_something_else() -> Iterator[WebhookAttack]:
    for name, url in OTHER_URLS.items():
        yield WebhookAttack(name=f"signed for {name}", change=signing(url=url), applies=signs_url)
    yield WebhookAttack(name="signed with another key", change=signing(key=OTHER_KEY))
    yield WebhookAttack(name="signed with half the key", change=signing(key=OUR_KEY[:16]))
    yield WebhookAttack(name="signed with no key", change=signing(key=""))
    yield WebhookAttack(name="another body", change=lambda _site, it: replace(it, body=b"a=b"))
    yield WebhookAttack(name="no body", change=lambda _site, it: replace(it, body=b""))
    yield WebhookAttack(
        name="another query",
        change=lambda _site, it: replace(it, query="from=console&callId=id-1"),
        applies=signs_url,
    )
    yield WebhookAttack(
        name="a query escaped in another way",
        change=lambda _site, it: replace(it, query="from=%63onsole"),
        applies=signs_url,
    )
    yield WebhookAttack(
        name="signed for another account, with our key",
        change=as_another_account,
        applies=lambda carrier: carrier.foreign is not None,
    )
    for seconds in (-400 * 24 * 3600, -3600, -302, 302, 3600, 400 * 24 * 3600):
        yield WebhookAttack(
            name=f"signed {seconds} s from now",
            change=signing(later_s=seconds),
            applies=lambda carrier: carrier.signs_time,
        )


def signs_url(carrier: Carrier) -> bool:
    return carrier.signs_url


def signing(
    *, url: str = f"{PUBLIC_URL}?{QUERY}", key: str = OUR_KEY, later_s: float = 0
) -> Callable[[Site, Message], Message]:
    """Sign the same body for another URL, with another key, or at another time."""

    def change(site: Site, genuine: Message) -> Message:
        unix_s = site.tokens.unix_clock() + later_s
        return genuine.with_headers(site.carrier.sign(url, genuine.body, unix_s=unix_s, key=key))

    return change


def as_another_account(site: Site, genuine: Message) -> Message:
    assert site.carrier.foreign is not None
    return site.sign(site.carrier.foreign(genuine).body)


# --- words that only a proxy may say ----------------------------------------------------

FORWARDING = {
    "X-Forwarded-Host": b"evil.example",
    "X-Forwarded-Server": b"evil.example",
    "X-Host": b"evil.example",
    "X-HTTP-Host-Override": b"evil.example",
    "Forwarded": b"for=127.0.0.1;host=evil.example;proto=https",
    "X-Original-URL": f"https://evil.example{PATH}".encode(),
    "X-Rewrite-URL": f"https://evil.example{PATH}".encode(),
    "X-Forwarded-Prefix": b"https://evil.example",
}


def with_forged_forwarding() -> Iterator[WebhookAttack]:
    """A webhook that is genuine at another host of the same account."""
    for name, value in FORWARDING.items():
        yield WebhookAttack(
            name=f"signed for {name}", change=forwarding({name: value}), applies=signs_url
        )
    yield WebhookAttack(
        name="signed for all of these", change=forwarding(FORWARDING), applies=signs_url
    )
    yield WebhookAttack(
        name="signed for its Host",
        change=lambda site, it: replace(forwarding({})(site, it), host="evil.example"),
        applies=signs_url,
    )


def forwarding(headers: Mapping[str, bytes]) -> Callable[[Site, Message], Message]:
    def change(site: Site, genuine: Message) -> Message:
        changed = signing(url=f"https://evil.example{PATH}?{QUERY}")(site, genuine)
        for name, value in headers.items():
            changed = changed.with_header(name, value)
        return changed

    return change


# --- what only looks like our path ------------------------------------------------------

LOOK_ALIKES: Mapping[str, int] = {
    "/": 404,
    "/voice": 404,
    "/voice/": 404,
    "/voice/webhook//": 404,
    "//voice/webhook": 404,
    "/voice//webhook": 404,
    "/./voice/webhook": 404,
    "/voice/./webhook": 404,
    "/voice/x/../webhook": 404,
    "/voice/webhook/.": 404,
    "/voice/webhook/..": 404,
    "/voice/webhook/x": 404,
    "/voice/webhook.": 404,
    "/voice/webhook;a=b": 404,
    "/voice/webhook:443": 404,
    "/voice/webhook@evil.example": 404,
    "/Voice/Webhook": 404,
    "/VOICE/WEBHOOK": 404,
    "/voice/%77ebhook": 404,
    "/voice%2Fwebhook": 404,
    "/voice/webhook%2F": 404,
    "/voice/webhook%2f": 404,
    "/voice/webhook%00": 404,
    "/voice/webhook%20": 404,
    "/voice/webhook%0d%0a": 404,
    "/voice/webhook%3Fa=b": 404,
    "/voice/webhook%23": 404,
    "/voice/%2e%2e/voice/webhook": 404,
    "/voice/%C3%B6/../webhook": 404,
    "/voice/webhoo%6B": 404,
    "/voice/stream": 404,
    "/static/voice/webhook": 404,
    "/voice/webhook#": 400,
    "\\voice\\webhook": 400,
    "/voice\\webhook": 400,
    "voice/webhook": 400,
    "/voice/webh\u00f6\u00f6k": 400,
    "/voice/webhook\t": 400,
    "/voice/webhook%": 400,
    "/voice/webhook%zz": 400,
    "http://calls.example.test/voice/webhook": 400,
    "*": 400,
}


def on_other_paths() -> Iterator[WebhookAttack]:
    for path, status in LOOK_ALIKES.items():
        yield WebhookAttack(name=f"path {path!a}", change=moving(path), status=status)


def moving(path: str) -> Callable[[Site, Message], Message]:
    return lambda _site, genuine: replace(genuine, path=path)


# --- other methods ----------------------------------------------------------------------


def by_other_methods() -> Iterator[WebhookAttack]:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        yield WebhookAttack(name=f"by {method}", change=using(method), status=405)
    for method in ("PROPFIND", "VOICE"):
        yield WebhookAttack(name=f"by {method}", change=using(method), status=405)
    yield WebhookAttack(name="by post", change=using("post"), status=400)
    yield WebhookAttack(name="by CONNECT", change=using("CONNECT"), status=400)
    yield WebhookAttack(
        name="by GET, which calls itself POST",
        change=lambda _site, it: replace(it, method="GET").with_header(
            "X-HTTP-Method-Override", b"POST"
        ),
        status=405,
    )


def using(method: str) -> Callable[[Site, Message], Message]:
    return lambda _site, genuine: replace(genuine, method=method)


FAMILIES: Mapping[str, Sequence[WebhookAttack]] = {
    "a signature that is none": tuple(with_a_signature_that_is_none()),
    "the signature of something else": tuple(with_the_signature_of_something_else()),
    "forged forwarding": tuple(with_forged_forwarding()),
    "other paths": tuple(on_other_paths()),
    "other methods": tuple(by_other_methods()),
}
