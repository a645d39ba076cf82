import json

import pytest

from voicecalld.provider.base import Acknowledge, ConnectStream, HangUpCall, Perform, RejectCall
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.mock.answer import render_answer

PROOF = 'a"b'


def test_connecting_tells_where_and_with_which_token() -> None:
    reply = render_answer(ConnectStream(stream_url="mock://stream", token=PROOF))

    assert reply.content_type == "application/json"
    assert json.loads(reply.body) == {"do": "connect", "stream": "mock://stream", "token": PROOF}


def test_rejecting_says_so() -> None:
    assert json.loads(render_answer(RejectCall()).body) == {"do": "reject"}


def test_there_is_nothing_to_do_in_an_acknowledgement() -> None:
    assert json.loads(render_answer(Acknowledge()).body) == {}


def test_hanging_up_says_so() -> None:
    assert json.loads(render_answer(HangUpCall()).body) == {"do": "hang-up"}


def test_a_carrier_without_a_voice_performs_nothing() -> None:
    provider = MockProvider(key=b"k")

    assert not provider.has_own_voice
    assert provider.listen_begin_s > 0
    with pytest.raises(ValueError, match="no voice"):
        render_answer(Perform(say="Hello."))
