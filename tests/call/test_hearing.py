from voicecalld.call.commands import AskAgent, CallerTiming, CommitUtterance, NoteWords
from voicecalld.call.events import Transcribed, WordsGuessed
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
    hearing.words[1] = "hello"
    hearing.digits = "1"

    hearing.forget(keeps_keys=True)

    assert (hearing.text, hearing.digits) == ("", "1")
    hearing.forget()
    assert hearing.is_empty


def test_the_agent_is_asked_all_of_it_and_told_when_it_was_said() -> None:
    hearing = Hearing()
    hearing.words.update({2: "is Ann", 1: "my name"})
    hearing.digits = "12"
    hearing.speech_ended_s, hearing.endpointed_s = 3.0, 3.7

    asked = hearing.ask(5, 4.0)

    timing = CallerTiming(speech_ended_s=3.0, endpointed_s=3.7, transcribed_s=4.0)
    assert asked == AskAgent(turn=5, text="my name is Ann", digits="12", timing=timing)


def test_words_that_overtake_others_are_answered_in_the_order_of_their_saying() -> None:
    hearing = Hearing()
    hearing.commit()
    hearing.commit()

    hearing.take(Transcribed(utterance=2, text="is Ann"))
    hearing.take(Transcribed(utterance=1, text="my name"))

    assert hearing.text == "my name is Ann"


def test_words_of_an_utterance_that_come_twice_were_said_once() -> None:
    hearing = Hearing()
    hearing.commit()
    hearing.take(Transcribed(utterance=1, text="hello"))

    assert hearing.take(Transcribed(utterance=1, text="hello again")) == ()
    assert hearing.text == "hello"


def test_the_real_words_come_too_late_for_whoever_was_answered_on_a_guess() -> None:
    hearing = Hearing()
    hearing.begin()
    hearing.guess_at(WordsGuessed(text="hello", utterance=1))
    hearing.commit()
    hearing.give_up()

    assert hearing.take(Transcribed(utterance=1, text="Hello there.")) == ()
    assert hearing.text == "hello"


def test_what_a_carrier_hears_by_itself_has_no_number_and_is_always_noted() -> None:
    hearing = Hearing()

    noted = [hearing.take(Transcribed(utterance=0, text=text)) for text in ("one", "two")]

    assert noted == [
        (NoteWords(utterance=0, text="one"),), (NoteWords(utterance=0, text="two"),),
    ]  # fmt: skip


def test_a_guess_at_what_is_being_said_has_the_number_that_follows() -> None:
    hearing = Hearing()
    hearing.commit()
    hearing.begin()

    assert hearing.guess_at(WordsGuessed(text="wait", utterance=2))
    assert hearing.guess == "wait"


def test_a_guess_at_what_is_not_made_out_yet_has_the_number_of_that() -> None:
    hearing = Hearing()
    hearing.begin()
    hearing.commit()

    assert hearing.guess_at(WordsGuessed(text="wait", utterance=1))
    assert hearing.guess == "wait"


def test_a_late_guess_at_what_was_said_before_means_nothing() -> None:
    hearing = Hearing()
    hearing.begin()
    hearing.commit()
    hearing.begin()

    assert not hearing.guess_at(WordsGuessed(text="old", utterance=1))
    assert hearing.guess == ""


def test_a_guess_at_what_was_made_out_or_discarded_means_nothing() -> None:
    hearing = Hearing()
    hearing.begin()
    hearing.commit()
    hearing.take(Transcribed(utterance=1, text="hello"))
    hearing.begin()
    hearing.discard()

    assert not hearing.guess_at(WordsGuessed(text="hello", utterance=1))
    assert not hearing.guess_at(WordsGuessed(text="cough", utterance=2))
    assert hearing.guess == ""
