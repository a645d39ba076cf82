"""Words that are still being made out when the other party has hung up."""

from tests.call.playbook import Play, finish, listening
from tests.call.scenes import answering, attentive
from voicecalld.call.commands import BeginUtterance, Command, CommitUtterance, NoteWords
from voicecalld.call.events import (
    EndReason,
    HungUp,
    SpeechBegan,
    SpeechSustained,
    Transcribed,
    WordsGuessed,
)

HUNG_UP = HungUp(reason=EndReason.HANGUP_USER)
OVER = finish(EndReason.HANGUP_USER, carrier_knows=True)


def hung_up(play: Play, *before: Command) -> Play:
    """They hang up, after which *before* was to be done."""
    return play.tell(HUNG_UP).expect(*before, OVER)


def talking() -> Play:
    """Their voice is heard since 2.0, and no noise."""
    play = listening(attentive()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    return play.at(2.3).tell(SpeechSustained()).expect()


def test_what_they_were_saying_is_made_out_and_noted() -> None:
    machine = hung_up(talking()).machine

    assert machine.hear_out() == (CommitUtterance(utterance=1),)
    assert machine.awaits_words
    words = Transcribed(utterance=1, text="Goodbye")
    assert machine.take_last(words) == (NoteWords(utterance=1, text="Goodbye"),)
    assert not machine.awaits_words


def test_what_is_being_made_out_already_is_awaited() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    machine = hung_up(play).machine

    assert machine.hear_out() == ()
    assert machine.awaits_words


def test_a_noise_is_not_made_out() -> None:
    play = listening(attentive()).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    machine = hung_up(play).machine

    assert machine.hear_out() == ()
    assert not machine.awaits_words


def test_a_guess_is_better_than_words_that_do_not_come() -> None:
    play = talking().tell(WordsGuessed(text="Good")).expect()

    machine = hung_up(play).machine
    machine.hear_out()

    assert machine.give_up_words() == (NoteWords(utterance=1, text="Good"),)
    assert not machine.awaits_words


def test_our_own_words_that_come_back_are_not_noted_as_theirs() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(WordsGuessed(text="we open", said="We open at nine.")).expect()
    machine = hung_up(play).machine
    machine.hear_out()

    echo = Transcribed(utterance=2, text="we open at nine", said="We open at nine.")

    assert not any(isinstance(command, NoteWords) for command in machine.take_last(echo))


def test_a_guess_at_our_own_words_that_come_back_is_not_noted_as_theirs() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(WordsGuessed(text="we open at nine", said="We open at nine.")).expect()
    machine = hung_up(play).machine
    machine.hear_out()

    commands = machine.give_up_words()

    assert not any(isinstance(command, NoteWords) for command in commands)
