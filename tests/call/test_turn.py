from tests.call.playbook import CONNECTED, ENDPOINT_S, TRANSCRIPT_S, Play, conversation, listening
from tests.call.scenes import ask_agent, thinking
from voicecalld.call.commands import (
    BeginUtterance,
    CommitUtterance,
    NoteHeard,
    NoteWords,
    Say,
    StopTurn,
)
from voicecalld.call.events import (
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnQueued,
)
from voicecalld.call.floor import Floor

# --- the greeting, and what they say --------------------------------------------------


def test_the_greeting_is_said_and_then_we_listen() -> None:
    play = Play(conversation())

    play.at(0.0).tell(CONNECTED).expect(Say(turn=1, text="Hello"))
    play.expect_floor(Floor.THINKING)
    play.at(0.3).our_turn(1, until_s=1.0).expect(NoteHeard(turn=1))

    play.expect_floor(Floor.OPEN)


def test_without_a_greeting_we_listen_at_once() -> None:
    play = Play(conversation(opening=""))

    play.at(0.0).tell(CONNECTED).expect()

    play.at(1.0).their_speech(1, until_s=2.0)


def test_the_agent_is_asked_when_the_silence_after_their_words_was_long_enough() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(3.0).tell(SpeechStopped()).expect()
    play.at(3.0 + ENDPOINT_S - 0.001).expect()
    play.at(3.0 + ENDPOINT_S).expect(CommitUtterance(utterance=1))

    asked = ask_agent(2, "Hello", spoke_until_s=3.0, transcribed_s=4.0)
    play.at(4.0).their_words(1, "Hello", asked)


def test_the_silence_counts_from_the_end_of_their_words_and_not_from_when_it_was_noticed() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(3.2).tell(SpeechStopped(ago_s=0.2)).expect()

    play.at(3.0 + ENDPOINT_S).expect(CommitUtterance(utterance=1))


def test_a_word_within_the_pause_goes_on_with_the_same_utterance() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.0).tell(SpeechStopped()).expect()

    play.at(3.6).tell(SpeechBegan()).expect()
    play.at(4.0).tell(SpeechStopped()).expect()

    play.at(4.0 + ENDPOINT_S).expect(CommitUtterance(utterance=1))


def test_whoever_goes_on_while_we_transcribe_is_answered_once_with_all_words() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.at(3.8).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(4.0).their_words(1, "I want")
    play.at(5.0).tell(SpeechStopped()).expect()
    play.at(5.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))

    play.their_words(2, "a table", ask_agent(2, "I want a table", spoke_until_s=5.0))


def test_we_wait_for_the_words_of_all_utterances_before_we_answer() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)
    play.at(3.8).their_speech(2, until_s=4.0)

    play.at(5.0).their_words(1, "I want")

    asked = ask_agent(2, "I want a table", spoke_until_s=4.0, transcribed_s=5.1)
    play.at(5.1).their_words(2, "a table", asked)


def test_whoever_goes_on_while_we_think_is_answered_once_with_all_words() -> None:
    play = thinking()

    play.at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(4.2).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(5.0).tell(SpeechStopped()).expect()
    play.at(5.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))

    asked = ask_agent(3, "Hello Ann here", spoke_until_s=5.0, waited_s=4.2 - 3.7)
    play.their_words(2, "Ann here", asked)


def test_whoever_goes_on_when_the_answer_is_made_but_not_audible_stops_it() -> None:
    play = thinking().tell(TurnQueued(turn=2, lasts_s=1.0, ends_call=True)).expect()

    play.at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(4.2).tell(SpeechSustained()).expect(StopTurn(turn=2))

    # Neither its end nor its good-bye comes, however long they speak.
    play.at(20.0).expect()


def test_a_sound_without_words_is_not_answered() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.tell(Transcribed(utterance=1, text=" ")).expect()

    play.expect_floor(Floor.OPEN)


def test_words_that_never_come_are_not_waited_for_for_ever() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.at(3.7 + TRANSCRIPT_S).expect()

    play.expect_floor(Floor.OPEN)


def test_words_that_come_too_late_are_noted_but_not_answered() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0).at(10.0)

    play.their_words(1, "sorry")
    play.their_words(77, "what?")

    play.at(11.0).their_speech(2, until_s=12.0)
    play.their_words(2, "Hello", ask_agent(2, "Hello", spoke_until_s=12.0))


def test_the_words_that_came_in_time_are_answered_although_others_are_missing() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)
    play.at(3.8).their_speech(2, until_s=4.0)
    play.their_words(1, "I want")

    endpointed_s = 4.0 + ENDPOINT_S
    late_s = endpointed_s + TRANSCRIPT_S
    play.at(late_s).expect(ask_agent(2, "I want", spoke_until_s=4.0, transcribed_s=late_s))


# --- notifications --------------------------------------------------------------------


def test_blanks_around_their_words_are_dropped() -> None:
    play = listening().at(2.0).their_speech(1, until_s=3.0)

    play.tell(Transcribed(utterance=1, text="  Hi ")).expect(
        NoteWords(utterance=1, text="Hi"), ask_agent(2, "Hi", spoke_until_s=3.0)
    )
