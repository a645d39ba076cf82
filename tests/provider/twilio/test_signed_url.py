import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import BadSignatureError
from voicecalld.provider.twilio.signed_url import parse_signed_url


@pytest.mark.parametrize(
    ("url", "variants"),
    [
        ("https://a.test/b", {"https://a.test/b", "https://a.test:443/b"}),
        ("https://a.test:443/b", {"https://a.test/b", "https://a.test:443/b"}),
        ("https://a.test:8443/b", {"https://a.test/b", "https://a.test:8443/b"}),
        ("https://a.test:80/b", {"https://a.test/b", "https://a.test:80/b"}),
        ("http://a.test/b", {"http://a.test/b", "http://a.test:80/b"}),
        ("ws://a.test/b", {"ws://a.test/b", "ws://a.test:80/b"}),
        ("wss://a.test/b", {"wss://a.test/b", "wss://a.test:443/b", "wss://a.test:80/b"}),
        ("https://u:p@a.test:1/b?c", {"https://u:p@a.test/b?c", "https://u:p@a.test:1/b?c"}),
        ("https://[::1]:9/b", {"https://[::1]/b", "https://[::1]:9/b"}),
        ("https://a.test", {"https://a.test", "https://a.test:443"}),
        ("https://a.test?x=:1", {"https://a.test?x=:1", "https://a.test:443?x=:1"}),
    ],
)
def test_a_url_may_have_been_signed_with_its_port_and_without(
    url: str, variants: set[str]
) -> None:
    assert set(parse_signed_url(url).variants()) == variants


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("wss://a.test/b", "wss://a.test/b/"),
        ("wss://a.test/b/", "wss://a.test/b"),
        ("wss://a.test", "wss://a.test/"),
        ("wss://a.test/b?c=/", "wss://a.test/b/?c=/"),
    ],
)
def test_the_other_slash_is_at_the_end_of_the_path(url: str, other: str) -> None:
    assert parse_signed_url(url).with_other_slash().without_port() == other


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/voice/webhook",
        "ftp://a.test/",
        "https:///b",
        "https://a.test/b#c",
        "https://a.test/\u00fc",
        "https://a.test:port/b",
        "https://a.test:/b",
        "https://a.test:1:2/b",
        "https://a@b@c/d",
        "HTTPS://a.test/",
    ],
)
def test_what_nobody_can_have_signed_is_refused(url: str) -> None:
    with pytest.raises(BadSignatureError):
        parse_signed_url(url)


@given(path=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#")))
def test_nothing_in_the_path_is_repaired(path: str) -> None:
    url = f"https://a.test/{path}"

    assert parse_signed_url(url).without_port() == url
