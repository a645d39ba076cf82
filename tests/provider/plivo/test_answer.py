"""What Plivo is told, compared with what its own library writes for the same intent."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plivo import plivoxml

from tests.provider.plivo.documents import read_document, same
from voicecalld.provider.base import (
    Acknowledge,
    Answer,
    ConnectStream,
    HangUpCall,
    Listen,
    Perform,
    RejectCall,
)
from voicecalld.provider.plivo.answer import MOST_SAID_CHARACTERS, render_answer
from voicecalld.provider.voice import Voice

VOICE = Voice(language="en-GB", name="Polly.Amy")
STREAM = "wss://voice.example.com/voice/stream"
NEXT = "https://voice.example.com/voice/webhook?callId=call-1&turn=t<1>&node=main"
PROOF: Final = "a.b\"c'<&> +ü"
PLAIN: Final = "a.b-c"
BROKEN: Final = "a\ud800b"


def render(answer: Answer, voice: Voice = VOICE) -> str:
    reply = render_answer(answer, voice)
    assert reply.status == 200
    assert reply.content_type == "text/xml; charset=utf-8"
    return reply.body.decode()


def speak(text: str) -> plivoxml.SpeakElement:
    return plivoxml.SpeakElement(text, voice="Polly.Amy", language="en-GB")


def redirect() -> plivoxml.RedirectElement:
    return plivoxml.RedirectElement(NEXT, method="POST")


def response(*verbs: plivoxml.PlivoXMLElement) -> plivoxml.ResponseElement:
    written = plivoxml.ResponseElement()
    for verb in verbs:
        written.add(verb)
    return written


# --- streams --------------------------------------------------------------------------


def stream(url: str) -> plivoxml.StreamElement:
    return plivoxml.StreamElement(
        url,
        bidirectional=True,
        keepCallAlive=True,
        audioTrack="inbound",
        contentType="audio/x-mulaw;rate=8000",
    )


def test_connecting_tells_where_and_with_which_token_and_hangs_up_afterwards() -> None:
    written = response(stream(f"{STREAM}?token=a.b-c"), plivoxml.HangupElement())

    assert same(render(ConnectStream(stream_url=STREAM, token=PLAIN)), written)


def test_a_stream_that_has_ended_is_followed_by_a_question() -> None:
    written = response(stream(f"{STREAM}?token=a.b-c"), redirect())

    assert same(render(ConnectStream(stream_url=STREAM, token=PLAIN, next_url=NEXT)), written)


@pytest.mark.parametrize("url", [STREAM, f"{STREAM}?node=main&b=%20"])
def test_the_token_is_added_to_whatever_query_there_is(url: str) -> None:
    connected = read_document(render(ConnectStream(stream_url=url, token=PROOF)))

    address = connected[0].text or ""
    assert address.startswith(url)
    assert parse_qs(urlsplit(address).query)["token"] == [PROOF]


# --- ends -----------------------------------------------------------------------------


def test_rejecting_is_the_first_verb() -> None:
    assert same(render(RejectCall()), response(plivoxml.HangupElement(reason="rejected")))


def test_hanging_up_says_so() -> None:
    assert same(render(HangUpCall()), response(plivoxml.HangupElement()))


def test_an_acknowledgement_is_a_document_without_verbs() -> None:
    assert same(render(Acknowledge()), response())


# --- by Plivo's own means -------------------------------------------------------------


def test_keys_words_and_a_pause_come_in_this_order_and_then_the_question() -> None:
    written = response(
        plivoxml.DTMFElement("ww12W#", async_=False),
        speak("Fish & <chips>"),
        plivoxml.WaitElement(length=2),
        redirect(),
    )

    perform = Perform(press="ww12W#", say="Fish & <chips>", pause_s=1.2, next_url=NEXT)

    assert same(render(perform), written)


def test_listening_begins_with_the_words_and_silence_leads_to_the_question() -> None:
    listening = plivoxml.GetInputElement(
        action=NEXT,
        method="POST",
        input_type="dtmf speech",
        execution_timeout=60,
        speech_end_timeout=3,
        language="en-GB",
    )
    listening.add(speak("Well?"))
    listening.add(plivoxml.WaitElement(length=1))
    listen = Listen(begin_s=7.5, end_s=2.1)

    perform = Perform(say="Well?", pause_s=0.1, listen=listen, next_url=NEXT)

    assert same(render(perform), response(listening, redirect()))


def test_keys_are_pressed_before_listening_begins() -> None:
    listen = Listen(begin_s=8.0, end_s=2.0)

    verbs = read_document(render(Perform(press="1", listen=listen, next_url=NEXT)))

    assert [(verb.tag, len(verb)) for verb in verbs] == [
        ("DTMF", 0),
        ("GetInput", 0),
        ("Redirect", 0),
    ]


@pytest.mark.parametrize(
    ("listen", "end"),
    [
        (Listen(begin_s=1.0, end_s=0.7), "2"),
        (Listen(begin_s=5.0, end_s=2.0), "2"),
        (Listen(begin_s=59.1, end_s=9.1), "10"),
        (Listen(begin_s=100.0, end_s=30.0), "10"),
    ],
)
def test_only_silence_ends_the_listening_before_all_is_over_that_plivo_allows(
    listen: Listen, end: str
) -> None:
    listening = read_document(render(Perform(listen=listen, next_url=NEXT)))[0]

    assert listening.get("executionTimeout") == "60"
    assert listening.get("speechEndTimeout") == end


def test_without_a_next_url_nobody_listens_and_the_call_ends() -> None:
    perform = Perform(say="Bye.", listen=Listen(begin_s=5.0, end_s=1.0))

    assert same(render(perform), response(speak("Bye."), plivoxml.HangupElement()))


def test_without_a_name_the_voice_is_that_of_the_language() -> None:
    said = plivoxml.SpeakElement("Hallo.", language="de-DE")

    document = render(Perform(say="Hallo."), Voice(language="de-DE", name=""))

    assert same(document, response(said, plivoxml.HangupElement()))


@pytest.mark.parametrize("nothing", ["", " \n ", "\x00\x1b"])
def test_nothing_to_say_is_not_said(nothing: str) -> None:
    assert same(render(Perform(say=nothing)), response(plivoxml.HangupElement()))


def words_said(document: str) -> list[str]:
    return [said.text or "" for said in read_document(document).iter("Speak")]


def test_a_long_text_is_said_in_parts_that_end_with_a_sentence() -> None:
    sentence = "This is one of very many sentences, is it not? "

    said = words_said(render(Perform(say=sentence * 400)))

    assert len(said) == 7  # 400 x 47 characters, less than 3000 at a time
    assert max(len(part) for part in said) <= MOST_SAID_CHARACTERS
    assert all(part.endswith("not?") for part in said)
    assert " ".join(said) == (sentence * 400).strip()


@given(text=st.text(), token=st.text(), url=st.text())
def test_any_text_makes_a_document_that_can_be_read(text: str, token: str, url: str) -> None:
    listen = Listen(begin_s=1.0, end_s=1.0)

    performed = read_document(render(Perform(press=text, say=text, listen=listen, next_url=url)))
    connected = read_document(render(ConnectStream(stream_url=url, token=token)))

    assert {verb.tag for verb in performed} <= {"DTMF", "GetInput", "Redirect", "Speak", "Hangup"}
    assert [element.tag for element in connected.iter()] == ["Response", "Stream", "Hangup"]


@given(text=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"])))
def test_every_word_arrives_as_it_was_written(text: str) -> None:
    assert "".join(words_said(render(Perform(say=text)))) == text.strip()


def test_a_lone_surrogate_is_left_out() -> None:
    assert words_said(render(Perform(say="a\ud800b"))) == ["ab"]
    assert "token=ab<" in render(ConnectStream(stream_url=STREAM, token=BROKEN))
