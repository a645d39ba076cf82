"""The URL that a carrier has signed, and who may say what it was."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.web.public_url import PublicUrls, stream_url

PUBLIC = "https://voice.example.com/voice/webhook"
ADDRESS = "127.0.0.1:3334"
PATH = "/voice/webhook"
PROXY = "10.0.0.1"
SAYS = {"x-forwarded-host": "voice.example.com", "x-forwarded-proto": "https"}
LIES = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "http",
    "x-forwarded-port": "81",
    "x-original-host": "evil.example",
    "forwarded": "host=evil.example;proto=http",
}


def behind_proxy(
    *, hosts: tuple[str, ...] = ("voice.example.com",), any_host: bool = False
) -> PublicUrls:
    return PublicUrls(
        public_url="",
        address=ADDRESS,
        allowed_hosts=hosts,
        trusted_proxies=("10.0.0.0/8",),
        trusts_any_host=any_host,
    )


@pytest.mark.parametrize("peer", [PROXY, "203.0.113.1", ""])
@pytest.mark.parametrize("trusts", [True, False])
def test_nothing_in_a_request_can_change_the_public_url(peer: str, trusts: bool) -> None:
    urls = PublicUrls(
        public_url=PUBLIC,
        address=ADDRESS,
        allowed_hosts=("evil.example",),
        trusted_proxies=("0.0.0.0/0",),
        trusts_any_host=trusts,
    )

    assert urls.signed_url(PATH, "", LIES, peer) == PUBLIC


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (PATH, "", PUBLIC),
        (PATH, "callId=1&turn=a%2Fb", f"{PUBLIC}?callId=1&turn=a%2Fb"),
        (PATH, "a=%C3%B6&A=+", f"{PUBLIC}?a=%C3%B6&A=+"),
        (f"{PATH}/", "", f"{PUBLIC}/"),
        (f"{PATH}/", "a=b", f"{PUBLIC}/?a=b"),
        ("/whatever/the/proxy/maps", "", PUBLIC),
    ],
)
def test_the_query_is_as_it_was_sent(path: str, query: str, expected: str) -> None:
    urls = PublicUrls(public_url=PUBLIC, address=ADDRESS)

    assert urls.signed_url(path, query, {}, "203.0.113.1") == expected


def test_a_public_url_that_ends_with_a_slash_has_one() -> None:
    urls = PublicUrls(public_url="https://voice.example.com/", address=ADDRESS)

    assert urls.signed_url(f"{PATH}/", "a=b", {}, "") == "https://voice.example.com/?a=b"


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        (SAYS, f"{PUBLIC}?a=b"),
        ({**SAYS, "x-forwarded-host": " Voice.Example.COM "}, f"{PUBLIC}?a=b"),
        ({"x-forwarded-host": "voice.example.com"}, f"{PUBLIC}?a=b"),
        ({**SAYS, "x-forwarded-proto": "HTTPS"}, f"{PUBLIC}?a=b"),
        ({**SAYS, "x-forwarded-proto": "gopher"}, f"{PUBLIC}?a=b"),
        ({**SAYS, "x-forwarded-proto": "http"}, f"http://voice.example.com{PATH}?a=b"),
    ],
)
def test_a_trusted_proxy_may_name_an_allowed_host(says: Mapping[str, str], expected: str) -> None:
    assert behind_proxy().signed_url(PATH, "a=b", says, PROXY) == expected


@pytest.mark.parametrize("peer", ["203.0.113.1", "11.0.0.1", "", "10.0.0", "::1"])
def test_nobody_else_may(peer: str) -> None:
    assert behind_proxy().signed_url(PATH, "", SAYS, peer) == f"http://{ADDRESS}{PATH}"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "voice.example.com, evil.example",
        "voice.example.com.evil.example",
        "voice.example.com:444",
        "evil@voice.example.com",
    ],
)
def test_a_trusted_proxy_may_not_name_another_host(host: str) -> None:
    says = {**SAYS, "x-forwarded-host": host}

    assert behind_proxy().signed_url(PATH, "", says, PROXY) == f"http://{ADDRESS}{PATH}"


def test_a_proxy_that_may_name_any_host_names_hosts_and_nothing_else() -> None:
    urls = behind_proxy(hosts=(), any_host=True)

    found = {
        host: urls.signed_url(PATH, "", {"x-forwarded-host": host}, PROXY)
        for host in ("a.example", "a.example:8443", "a/b", "a@b", "a b", "a?b", "a#b", "[::1]")
    }

    assert found.pop("a.example") == f"https://a.example{PATH}"
    assert found.pop("a.example:8443") == f"https://a.example:8443{PATH}"
    assert {*found.values()} == {f"http://{ADDRESS}{PATH}"}


@given(host=st.text(), scheme=st.text())
def test_whatever_a_proxy_says_the_path_stays_ours(host: str, scheme: str) -> None:
    says = {"x-forwarded-host": host, "x-forwarded-proto": scheme}

    url = behind_proxy(any_host=True).signed_url(PATH, "a=b", says, PROXY)

    assert url.endswith(f"{PATH}?a=b")
    assert url.count("/") == 4
    assert url.startswith(("https://", "http://"))


def test_carriers_are_told_the_public_url_else_the_first_host_else_our_address() -> None:
    public = PublicUrls(public_url=PUBLIC, address=ADDRESS, allowed_hosts=("a.example",))
    proxied = behind_proxy(hosts=("a.example:8443", "b.example"))
    unproxied = PublicUrls(public_url="", address=ADDRESS, allowed_hosts=("a.example",))

    assert public.webhook_url(PATH) == PUBLIC
    assert proxied.webhook_url(PATH) == f"https://a.example:8443{PATH}"
    assert unproxied.webhook_url(PATH) == f"http://{ADDRESS}{PATH}"


@pytest.mark.parametrize(
    ("webhook_url", "expected"),
    [
        (PUBLIC, "wss://voice.example.com/voice/stream"),
        (f"{PUBLIC}/", "wss://voice.example.com/voice/stream"),
        ("https://a.example:8443/pbx/voice/webhook", "wss://a.example:8443/pbx/voice/stream"),
        ("https://a.example/pbx/voice/webhook/", "wss://a.example/pbx/voice/stream"),
        ("https://a.example/twilio", "wss://a.example/voice/stream"),
        ("https://a.example/", "wss://a.example/voice/stream"),
        ("http://127.0.0.1:3334/voice/webhook", "ws://127.0.0.1:3334/voice/stream"),
        ("http://[::1]:3334/voice/webhook", "ws://[::1]:3334/voice/stream"),
    ],
)
def test_streams_are_beside_the_webhooks(webhook_url: str, expected: str) -> None:
    assert stream_url(webhook_url, PATH, "/voice/stream") == expected
