from voicecalld.call.record import Speaker, Utterance
from voicecalld.call.transcript import Transcript


def said(speaker: Speaker, text: str) -> Utterance:
    return Utterance(speaker=speaker, text=text, unix_s=0.0)


def test_the_last_words_of_each_speaker_are_found() -> None:
    transcript = Transcript()
    for utterance in (
        said(Speaker.BOT, "Hello"),
        said(Speaker.BOT, "Who is there?"),
        said(Speaker.USER, "Ann"),
    ):
        transcript.add(utterance)

    assert transcript.last_of(Speaker.BOT) == said(Speaker.BOT, "Who is there?")
    assert transcript.last_of(Speaker.USER) == said(Speaker.USER, "Ann")


def test_somebody_who_said_nothing_has_no_last_words() -> None:
    transcript = Transcript()
    transcript.add(said(Speaker.BOT, "Hello"))

    assert transcript.last_of(Speaker.USER) is None
