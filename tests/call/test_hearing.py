from voicecalld.call.commands import CommitUtterance, NoteWords
from voicecalld.call.events import Transcribed
from voicecalld.call.hearing import Hearing


def test_utterances_are_numbered_and_their_words_are_joined() -> None:
    hearing = Hearing()

    committed = (*hearing.commit(), *hearing.commit())
    hearing.take(Transcribed(utterance=1, text=" my name is "))
    hearing.take(Transcribed(utterance=2, text="Ann"))

    assert committed == (CommitUtterance(utterance=1), CommitUtterance(utterance=2))
    assert hearing.text == "my name is Ann"
    assert not hearing.pending


def test_words_that_nobody_asked_for_are_noted_but_not_answered() -> None:
    hearing = Hearing()

    noted = hearing.take(Transcribed(utterance=7, text="late"))

    assert noted == (NoteWords(utterance=7, text="late"),)
    assert hearing.is_empty


def test_an_utterance_without_words_leaves_nothing() -> None:
    hearing = Hearing()
    hearing.commit()

    noted = hearing.take(Transcribed(utterance=1, text="  "))

    assert noted == ()
    assert hearing.is_empty
    assert not hearing.pending


def test_keys_alone_are_something_to_answer() -> None:
    hearing = Hearing()

    hearing.digits = "1"

    assert not hearing.is_empty


def test_keys_can_be_kept_when_words_are_forgotten() -> None:
    hearing = Hearing()
    hearing.words.append("hello")
    hearing.digits = "1"

    hearing.forget(keeps_keys=True)

    assert (hearing.text, hearing.digits) == ("", "1")
    hearing.forget()
    assert hearing.is_empty
