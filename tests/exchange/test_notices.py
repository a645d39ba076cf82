import pytest

from voicecalld.errors import BadMessageError
from voicecalld.exchange.notices import CallFacts, build_webhook, parse_answer, render_notice
from voicecalld.ids import CallId, ProviderCallId
from voicecalld.provider.base import Acknowledge, Answer, ConnectStream, Direction, RejectCall
from voicecalld.provider.http import Reply
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.mock.webhook import MockEvent, MockReason

KEY = b"key"
PROOF = "t"
FACTS = CallFacts(
    provider_call_id=ProviderCallId("mock-1"),
    direction=Direction.OUTBOUND,
    from_="+15550002",
    to="+15550001",
    webhook_url="mock://hook",
    call_id=CallId("call-1"),
)


def test_a_notice_is_genuine_and_understood_by_the_daemon() -> None:
    provider = MockProvider(key=KEY)
    body = render_notice(FACTS, MockEvent.ENDED, "event-1", MockReason.NO_ANSWER)
    webhook = build_webhook(FACTS.webhook_url, body, key=KEY, unix_s=1000.5)

    provider.verify(webhook, 1000.0)
    (report,) = provider.parse(webhook)

    assert (report.provider_call_id, report.call_id) == ("mock-1", "call-1")
    assert (report.direction, report.from_, report.to) == ("outbound", "+15550002", "+15550001")
    assert webhook.url == "mock://hook"


@pytest.mark.parametrize(
    "answer", [ConnectStream(stream_url="mock://s", token=PROOF), RejectCall(), Acknowledge()]
)
def test_every_answer_of_the_daemon_is_understood(answer: Answer) -> None:
    assert parse_answer(MockProvider(key=KEY).answer(answer)) == answer


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, body=b"{}"),
        Reply(body=b""),
        Reply(body=b"[]"),
        Reply(body=b'{"do":"dance"}'),
        Reply(body=b'{"do":"connect","stream":"","token":"t"}'),
    ],
)
def test_an_answer_that_cannot_be_followed_is_a_bad_message(reply: Reply) -> None:
    with pytest.raises(BadMessageError):
        parse_answer(reply)
