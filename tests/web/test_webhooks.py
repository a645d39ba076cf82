"""What the door of the webhooks reads off a request, and how its answers look."""

import pytest
from quart_trio import QuartTrio

from voicecalld.provider.http import Reply
from voicecalld.web.client_address import PEER_EXTENSION
from voicecalld.web.webhooks import NOT_ALLOWED, client_of, peer_of, read_headers, render


def test_the_names_of_headers_are_in_lower_case_and_their_values_as_they_came() -> None:
    found = read_headers([(b"X-Signature", b" A=\xff "), (b"host", b"A.Example")])

    assert found == {"x-signature": " A=\xff ", "host": "A.Example"}


def test_a_header_that_is_there_twice_is_not_there() -> None:
    twice = [(b"x-a", b"1"), (b"x-b", b"2"), (b"X-A", b"1")]

    assert read_headers(twice) == {"x-b": "2"}


@pytest.mark.parametrize(
    ("scope", "client", "peer"),
    [
        ({"client": ("1.2.3.4", 5), "extensions": {}}, "1.2.3.4", "1.2.3.4"),
        ({"client": None}, "", ""),
        ({}, "", ""),
        (
            {"client": ("1.2.3.4", 0), "extensions": {PEER_EXTENSION: {"address": "::1"}}},
            "1.2.3.4",
            "::1",
        ),
    ],
)
def test_the_client_may_have_a_proxy_in_front_of_it(
    scope: dict[str, object], client: str, peer: str
) -> None:
    assert (client_of(scope), peer_of(scope)) == (client, peer)


async def test_an_answer_is_sent_byte_by_byte() -> None:
    reply = Reply(status=201, content_type="text/xml; charset=utf-8", body=b"\x00\xff")

    async with QuartTrio("test").app_context():
        response = render(reply)

    assert await response.get_data(as_text=False) == b"\x00\xff"
    assert (response.status_code, response.content_type) == (201, "text/xml; charset=utf-8")
    assert "allow" not in response.headers


async def test_a_refused_method_is_told_which_one_is_allowed() -> None:
    async with QuartTrio("test").app_context():
        response = render(NOT_ALLOWED)

    assert response.headers["allow"] == "POST"
