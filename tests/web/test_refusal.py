import h11
import pytest
import structlog

from tests.fakes.websocket_peer import ACCEPT, KEY
from tests.web.hostile import UPGRADE
from voicecalld.errors import BadHeadError
from voicecalld.web.head import parse_head
from voicecalld.web.refusal import RefusalLog, refuse, refuse_for_now


@pytest.mark.parametrize("status", [400, 408, 411, 413, 417, 429, 431, 503, 504, 505])
def test_a_refusal_is_an_answer_that_ends_the_connection(status: int) -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))

    client.receive_data(refuse(status, "reason").answer)
    response, body, end = client.next_event(), client.next_event(), client.next_event()

    assert isinstance(response, h11.Response)
    assert (response.status_code, response.http_version) == (status, b"1.1")
    assert (b"connection", b"close") in list(response.headers)
    assert isinstance(body, h11.Data)
    assert isinstance(end, h11.EndOfMessage)
    assert client.their_state is h11.MUST_CLOSE


def test_who_is_to_come_back_later_is_told_so_in_the_language_of_websockets() -> None:
    head = UPGRADE.replace(b"c2l4dGVlbiBieXRlcy4uLg==", KEY.encode())

    answer = refuse_for_now(parse_head(head + b"\r\n"), "full").answer

    first, _, rest = answer.partition(b"\r\n")
    assert first == b"HTTP/1.1 101 Switching Protocols"
    assert f"sec-websocket-accept: {ACCEPT}\r\n\r\n".encode() in rest
    assert answer.endswith(b"\r\n\r\n\x88\x02" + (1013).to_bytes(2, "big"))


def test_an_upgrade_without_a_key_is_not_accepted_in_order_to_refuse_it() -> None:
    head = UPGRADE.replace(b"Sec-WebSocket-Key", b"X-Key")

    with pytest.raises(BadHeadError):
        refuse_for_now(parse_head(head + b"\r\n"), "full")


def test_many_refusals_make_few_lines_that_count_them() -> None:
    clock = iter([0.0, 0.1, 9.0, 10.0, 15.0])
    refusals = RefusalLog(lambda: next(clock))

    with structlog.testing.capture_logs() as logged:
        for reason in ("malformed: Host", *["head too long"] * 4):
            refusals.note(reason, "192.0.2.1")

    assert [(entry["reason"], entry["count"], entry["peer"]) for entry in logged] == [
        ("malformed: Host", 1, "192.0.2.1"),
        ("head too long", 1, "192.0.2.1"),
        ("head too long", 3, "192.0.2.1"),
    ]
    assert refusals.noise.counts == {"malformed: Host": 1, "head too long": 4}
