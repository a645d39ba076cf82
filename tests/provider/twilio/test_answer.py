"""What Twilio is told, compared with what its own library writes for the same intent."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.twiml import TwiML
from twilio.twiml.voice_response import Connect, Gather, Stream, VoiceResponse

from tests.provider.twilio.twiml import canonical, read_twiml
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    ConnectStream,
    HangUpCall,
    Listen,
    Perform,
    RejectCall,
)
from voicecalld.provider.twilio.answer import MOST_SAID_CHARACTERS, render_answer
from voicecalld.provider.voice import Voice

VOICE = Voice(language="en-GB", name="Polly.Amy")
STREAM = "wss://voice.example.com/voice/stream"
NEXT = "https://voice.example.com/voice/webhook?callId=call-1&turn=t<1>&node=main"
PROOF: Final = "a.b\"c'<&>"


def render(answer: Answer, voice: Voice = VOICE) -> str:
    reply = render_answer(answer, voice)
    assert reply.status == 200
    assert reply.content_type == "text/xml; charset=utf-8"
    return reply.body.decode()


def same(document: str, written: TwiML) -> bool:
    ours, theirs = (canonical(text) for text in (document, str(written)))
    return ours == theirs


def test_connecting_tells_where_and_with_which_token_and_hangs_up_afterwards() -> None:
    stream = Stream(url=STREAM)
    stream.parameter(name="token", value=PROOF)
    connect = Connect()
    connect.append(stream)
    response = VoiceResponse()
    response.append(connect)
    response.hangup()

    assert same(render(ConnectStream(stream_url=STREAM, token=PROOF)), response)


def test_a_stream_that_has_ended_is_followed_by_a_question() -> None:
    connected = read_twiml(render(ConnectStream(stream_url=STREAM, token=PROOF, next_url=NEXT)))

    assert [verb.tag for verb in connected] == ["Connect", "Redirect"]
    assert connected[1].get("method") == "POST"
    assert connected[1].text == NEXT


def test_rejecting_is_the_first_verb() -> None:
    response = VoiceResponse()
    response.reject()

    assert same(render(RejectCall()), response)


def test_hanging_up_says_so() -> None:
    response = VoiceResponse()
    response.hangup()

    assert same(render(HangUpCall()), response)


def test_an_acknowledgement_is_empty() -> None:
    reply = render_answer(Acknowledge(), VOICE)

    assert (reply.status, reply.body) == (200, b"")


def test_keys_words_and_a_pause_come_in_this_order_and_then_the_question() -> None:
    response = VoiceResponse()
    response.play(digits="ww12W#")
    response.say("Fish & <chips>", voice="Polly.Amy", language="en-GB")
    response.pause(length=2)
    response.redirect(NEXT, method="POST")

    perform = Perform(press="ww12W#", say="Fish & <chips>", pause_s=1.2, next_url=NEXT)

    assert same(render(perform), response)


def test_listening_begins_with_the_words_and_reports_silence_too() -> None:
    response = VoiceResponse()
    gather = Gather(
        input="dtmf speech",
        action=NEXT,
        method="POST",
        action_on_empty_result=True,
        timeout=8,
        speech_timeout=1,
        language="en-GB",
    )
    gather.say("Well?", voice="Polly.Amy", language="en-GB")
    gather.pause(length=1)
    response.append(gather)
    response.redirect(NEXT, method="POST")

    listen = Listen(begin_s=8.0, end_s=0.7)

    assert same(render(Perform(say="Well?", pause_s=0.1, listen=listen, next_url=NEXT)), response)


def test_listening_without_words_is_listening_still() -> None:
    document = render(Perform(listen=Listen(begin_s=5.0, end_s=1.0), next_url=NEXT))

    gather = read_twiml(document)[0]
    assert (gather.tag, len(gather)) == ("Gather", 0)


def test_without_a_next_url_nobody_listens_and_the_call_ends() -> None:
    response = VoiceResponse()
    response.say("Bye.", voice="Polly.Amy", language="en-GB")
    response.hangup()

    perform = Perform(say="Bye.", listen=Listen(begin_s=5.0, end_s=1.0))

    assert same(render(perform), response)


def test_without_a_name_the_voice_is_that_of_the_language() -> None:
    response = VoiceResponse()
    response.say("Hallo.", language="de-DE")
    response.hangup()

    assert same(render(Perform(say="Hallo."), Voice(language="de-DE", name="")), response)


@pytest.mark.parametrize("nothing", ["", " \n ", "\x00\x1b"])
def test_nothing_to_say_is_not_said(nothing: str) -> None:
    response = VoiceResponse()
    response.hangup()

    assert same(render(Perform(say=nothing)), response)


def words_said(document: str) -> list[str]:
    return [say.text or "" for say in read_twiml(document).iter("Say")]


def test_a_long_text_is_said_in_parts_that_end_with_a_sentence() -> None:
    sentence = "This is one of very many sentences, is it not? "

    said = words_said(render(Perform(say=sentence * 400)))

    assert len(said) == 5  # 400 x 47 characters, less than 4000 at a time
    assert all(part.endswith("not?") for part in said)
    assert " ".join(said) == (sentence * 400).strip()


def test_a_long_text_without_sentences_is_cut_between_words_or_anywhere() -> None:
    assert [len(part) for part in words_said(render(Perform(say="word " * 1000)))] == [3999, 999]
    assert [len(part) for part in words_said(render(Perform(say="x" * 9000)))] == [
        MOST_SAID_CHARACTERS,
        MOST_SAID_CHARACTERS,
        1000,
    ]


@given(text=st.text(), token=st.text(), url=st.text())
def test_any_text_makes_a_document_that_can_be_read(text: str, token: str, url: str) -> None:
    listen = Listen(begin_s=1.0, end_s=1.0)

    performed = read_twiml(render(Perform(say=text, listen=listen, next_url=url)))
    connected = read_twiml(render(ConnectStream(stream_url=url, token=token)))

    assert {element.tag for element in performed} <= {"Gather", "Redirect", "Say", "Hangup"}
    assert [element.tag for element in connected.iter()] == [
        "Response",
        "Connect",
        "Stream",
        "Parameter",
        "Hangup",
    ]


@given(text=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"])))
def test_every_word_arrives_as_it_was_written(text: str) -> None:
    assert "".join(words_said(render(Perform(say=text)))) == text.strip()


def test_a_lone_surrogate_is_left_out() -> None:
    assert words_said(render(Perform(say="a\ud800b"))) == ["ab"]
