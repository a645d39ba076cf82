from tests.call.playbook import ENDPOINT_S, listening
from tests.call.scenes import answering, ask_agent, request, speaking
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    BeginUtterance,
    CommitUtterance,
    DiscardUtterance,
    NoteHeard,
    ResumeTurn,
    StopTurn,
)
from voicecalld.call.events import (
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
)
from voicecalld.call.floor import Floor
from voicecalld.call.our_turn import LOST_MARK_S


def test_we_are_interrupted_when_their_speech_is_sustained_and_not_before() -> None:
    play = answering()

    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(8.0).expect()

    play.tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.expect_floor(Floor.CALLER)


def test_the_words_of_a_barge_in_are_answered() -> None:
    play = answering()
    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))

    play.at(6.0).tell(SpeechStopped()).expect()
    play.at(6.7).expect(CommitUtterance(utterance=2))

    asked = ask_agent(3, "Wait", spoke_until_s=6.0, endpointed_s=6.7, transcribed_s=6.7)
    play.their_words(2, "Wait", asked)
    play.our_turn(3, until_s=9.0).expect(NoteHeard(turn=3))
    play.expect_floor(Floor.OPEN)


def test_a_cough_does_not_interrupt_and_is_discarded() -> None:
    play = answering()

    play.at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.4).tell(SpeechStopped(ago_s=0.2)).expect(DiscardUtterance())

    play.at(9.0).tell(TurnQueued(turn=2, lasts_s=0.0), TurnHeard(turn=2))
    play.expect(NoteHeard(turn=2))
    play.expect_floor(Floor.OPEN)


def test_a_cough_after_a_barge_in_is_a_cough_again() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=2))
    play.their_words(2, "Wait", ask_agent(3, "Wait", spoke_until_s=6.0))
    play.tell(TurnAudible(turn=3)).expect()

    play.at(8.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(8.3).tell(SpeechStopped()).expect(DiscardUtterance())
    play.expect_floor(Floor.AGENT)


def test_an_interruption_that_is_over_when_we_learn_of_it_still_counts() -> None:
    play = answering().at(6.0).tell(SpeechBegan(ago_s=1.0)).expect(BeginUtterance())

    play.tell(SpeechSustained(ago_s=0.7)).expect(StopTurn(turn=2))
    play.tell(SpeechStopped(ago_s=0.5)).expect()

    play.at(5.5 + ENDPOINT_S).expect(CommitUtterance(utterance=2))


def test_whoever_speaks_when_we_have_just_finished_has_the_floor() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()
    play.at(4.9).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(5.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.CALLER)
    play.at(5.2).tell(SpeechSustained()).expect()
    play.at(8.0).tell(SpeechStopped()).expect()
    play.at(8.0 + ENDPOINT_S).expect(CommitUtterance(utterance=2))
    play.their_words(2, "And?", ask_agent(3, "And?", spoke_until_s=8.0))
    play.our_turn(3, until_s=10.0).expect(NoteHeard(turn=3))
    play.expect_floor(Floor.OPEN)


def test_a_short_word_that_outlasts_our_turn_is_transcribed() -> None:
    play = answering().at(4.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.0).tell(TurnQueued(turn=2), TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.at(5.1).tell(SpeechStopped()).expect()

    play.at(5.1 + ENDPOINT_S).expect(CommitUtterance(utterance=2))


def test_whoever_speaks_when_the_mark_of_our_turn_is_given_up_has_the_floor() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()
    play.at(6.8).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(5.0 + LOST_MARK_S).expect(NoteHeard(turn=2))

    play.expect_floor(Floor.CALLER)
    play.at(7.1).tell(SpeechSustained()).expect()


def test_a_turn_that_was_interrupted_does_not_wait_for_its_mark() -> None:
    play = answering().tell(TurnQueued(turn=2, lasts_s=1.0)).expect()
    play.at(6.7).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(6.9).tell(SpeechSustained()).expect(StopTurn(turn=2))

    play.at(20.0).expect()
    play.expect_floor(Floor.CALLER)


def test_speech_that_is_sustained_while_they_have_the_floor_means_nothing() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(2.3).tell(SpeechSustained()).expect()

    play.expect_floor(Floor.CALLER)


def test_sustained_speech_that_never_began_does_not_interrupt() -> None:
    play = answering().tell(SpeechSustained()).expect()

    play.expect_floor(Floor.AGENT)


def test_speech_is_reported_twice_without_effect() -> None:
    play = listening().at(2.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.tell(SpeechBegan()).expect()

    play.expect_floor(Floor.CALLER)


def test_the_end_of_speech_that_never_began_means_nothing() -> None:
    listening().at(2.0).tell(SpeechStopped()).expect()


def test_without_early_words_we_go_on_only_when_it_is_known_that_there_were_none() -> None:
    play = answering().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=2))

    play.at(9.9).tell(Transcribed(utterance=2, text="")).expect(ResumeTurn(turn=3))


def test_a_noise_long_after_an_interruption_that_was_meant_does_not_make_us_go_on() -> None:
    play = speaking(request(1, reply=True)).at(3.0).tell(SpeechBegan()).expect(BeginUtterance())
    answer = AnswerPrompt(prompt=1, turn=2, interrupted=True)
    play.at(3.3).tell(SpeechSustained()).expect(StopTurn(turn=2), answer)
    play.at(4.0).tell(SpeechStopped()).at(4.7).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))

    play.at(6.0).their_speech(2, until_s=7.0).tell(Transcribed(utterance=2, text="")).expect()

    play.expect_floor(Floor.OPEN)
