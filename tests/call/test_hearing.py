from voicecalld.call.commands import AskAgent, CallerTiming, CommitUtterance, NoteWords
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


def test_the_agent_is_asked_all_of_it_and_told_when_it_was_said() -> None:
    hearing = Hearing()
    hearing.words += ["my name", "is Ann"]
    hearing.digits = "12"
    hearing.speech_ended_s, hearing.endpointed_s = 3.0, 3.7

    asked = hearing.ask(5, 4.0)

    timing = CallerTiming(speech_ended_s=3.0, endpointed_s=3.7, transcribed_s=4.0)
    assert asked == AskAgent(turn=5, text="my name is Ann", digits="12", timing=timing)
