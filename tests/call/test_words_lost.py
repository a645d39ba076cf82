"""Their words are late, or never come: a plea for patience, one more attempt, then good-bye."""

from dataclasses import replace

from tests.call.playbook import (
    ENDPOINT_S,
    TRANSCRIPT_S,
    Play,
    conversation,
    finish,
    listening,
)
from tests.call.scenes import answering, ask_agent, attentive, replied, request, speaking
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    BeginUtterance,
    CommitUtterance,
    NoteHeard,
    NoteWords,
    ResumeTurn,
    Say,
    SayFiller,
    StopTurn,
)
from voicecalld.call.events import (
    EndReason,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    WordsGuessed,
)
from voicecalld.call.floor import Floor
from voicecalld.call.machine import CallPolicy
from voicecalld.call.mending import LAST_WORDS_S, NO_WORDS, PLEA_AGAIN_S

STALL_S = 2.5
PLEA = SayFiller(turn=0, text="One moment.")
AGAIN = "Once more?"
FAREWELL = "Goodbye."


def patient(policy: CallPolicy | None = None, *, repeat_prompt: str = AGAIN) -> CallPolicy:
    policy = policy or conversation()
    turn = replace(
        policy.turn,
        apology="One moment.",
        stall_s=STALL_S,
        repeat_prompt=repeat_prompt,
        failure_farewell=FAREWELL,
    )
    return replace(policy, turn=turn)


def speak(play: Play, utterance: int, *, until_s: float, is_sustained: bool = True) -> Play:
    """They speak from now on."""
    play.tell(SpeechBegan()).expect(BeginUtterance())
    if is_sustained:
        play.tell(SpeechSustained()).expect()
    play.at(until_s).tell(SpeechStopped()).expect()
    return play.at(until_s + ENDPOINT_S).expect(CommitUtterance(utterance=utterance))


def spoken(policy: CallPolicy | None = None) -> Play:
    """They spoke from 2.0 to 3.0, and that is being made out since 3.7."""
    return speak(listening(policy or patient()).at(2.0), 1, until_s=3.0)


def lost(policy: CallPolicy | None = None) -> Play:
    """The words of that have not come by 8.7."""
    return spoken(policy).at(3.0 + STALL_S).expect(PLEA).at(3.7 + TRANSCRIPT_S)


# --- they are late --------------------------------------------------------------------


def test_who_waits_for_their_words_asks_for_patience_before_three_seconds_have_passed() -> None:
    play = spoken().at(5.499).expect()

    play.at(5.5).expect(PLEA)

    asked = ask_agent(2, "Hello", spoke_until_s=3.0, transcribed_s=6.0)
    play.at(6.0).their_words(1, "Hello", asked)


def test_words_that_come_in_time_need_no_plea() -> None:
    play = spoken().at(5.0)

    play.their_words(1, "Hello", ask_agent(2, "Hello", spoke_until_s=3.0, transcribed_s=5.0))

    play.at(20.0).expect()


def test_whoever_goes_on_is_not_asked_for_patience() -> None:
    spoken().at(4.0).tell(SpeechBegan()).expect(BeginUtterance()).at(20.0).expect()


def test_a_noise_is_not_asked_for_patience() -> None:
    speak(listening(patient()).at(2.0), 1, until_s=3.0, is_sustained=False).at(8.0).expect()


def test_who_is_kept_waiting_for_very_long_is_asked_for_patience_again() -> None:
    policy = patient()
    play = spoken(replace(policy, turn=replace(policy.turn, transcript_s=60.0)))
    play.at(5.5).expect(PLEA)

    play.at(5.5 + PLEA_AGAIN_S).expect(PLEA)


def test_nobody_who_is_not_awaited_is_asked_for_patience() -> None:
    play = speak(replied(patient()).at(11.0), 2, until_s=12.0)

    play.at(12.7 + TRANSCRIPT_S).expect()

    play.expect_floor(Floor.OPEN)


def test_a_voice_over_our_turn_is_not_asked_for_patience_before_that_has_been_over_for_long() -> (
    None
):
    play = answering_early().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(SpeechSustained(), WordsGuessed(text="Yeah")).expect()
    play.at(5.4).tell(SpeechStopped()).expect(CommitUtterance(utterance=2))
    play.at(9.0).tell(TurnQueued(turn=2), TurnHeard(turn=2)).expect(NoteHeard(turn=2))

    play.at(9.0 + STALL_S).expect(PLEA)


def answering_early() -> Play:
    """The answer, turn 2, is being heard since 4.0; the transcriber tells words early."""
    play = listening(patient(attentive())).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(3.2).tell(SpeechStopped(ago_s=0.2)).expect(CommitUtterance(utterance=1))
    asked = ask_agent(2, "Hello.", spoke_until_s=3.0, endpointed_s=3.3)
    play.at(3.3).their_words(1, "Hello.", asked)
    return play.at(4.0).tell(TurnAudible(turn=2)).expect()


# --- they never come ------------------------------------------------------------------


def test_who_was_not_made_out_is_asked_to_say_it_again() -> None:
    play = lost().expect(Say(turn=2, text=AGAIN))

    play.our_turn(2, until_s=11.0).expect(NoteHeard(turn=2))
    speak(play.at(12.0), 2, until_s=13.0)

    play.their_words(2, "Hello", ask_agent(3, "Hello", spoke_until_s=13.0))


def lost_twice(play: Play) -> Play:
    """They have said it again, in vain, by 18.7."""
    play.expect(Say(turn=2, text=AGAIN)).our_turn(2, until_s=11.0).expect(NoteHeard(turn=2))
    speak(play.at(12.0), 2, until_s=13.0).at(13.0 + STALL_S).expect(PLEA)
    return play.at(13.7 + TRANSCRIPT_S)


def test_who_was_not_made_out_twice_hears_the_farewell() -> None:
    play = lost_twice(lost()).expect(Say(turn=3, text=FAREWELL))

    play.our_turn(3, until_s=21.0).expect(
        NoteHeard(turn=3), finish(EndReason.ERROR, cause=NO_WORDS)
    )


def test_late_words_do_not_count_as_made_out() -> None:
    play = lost().expect(Say(turn=2, text=AGAIN))
    play.their_words(1, "Hello").our_turn(2, until_s=11.0).expect(NoteHeard(turn=2))

    speak(play.at(12.0), 2, until_s=13.0).at(13.0 + STALL_S).expect(PLEA)

    play.at(13.7 + TRANSCRIPT_S).expect(Say(turn=3, text=FAREWELL))


def test_after_words_that_were_made_out_the_next_that_are_lost_are_the_first() -> None:
    play = lost().expect(Say(turn=2, text=AGAIN)).our_turn(2, until_s=11.0)
    speak(play.expect(NoteHeard(turn=2)).at(12.0), 2, until_s=13.0)
    play.their_words(2, "Hello", ask_agent(3, "Hello", spoke_until_s=13.0))
    play.our_turn(3, until_s=15.0).expect(NoteHeard(turn=3))

    speak(play.at(16.0), 3, until_s=17.0).at(17.0 + STALL_S).expect(PLEA)

    play.at(17.7 + TRANSCRIPT_S).expect(Say(turn=4, text=AGAIN))


def test_without_a_text_nobody_is_asked_to_say_it_again() -> None:
    lost(patient(repeat_prompt="")).expect().expect_floor(Floor.OPEN)


def test_what_a_noise_was_is_not_asked_for() -> None:
    play = speak(listening(patient()).at(2.0), 1, until_s=3.0, is_sustained=False)

    play.at(3.7 + TRANSCRIPT_S).expect()

    play.expect_floor(Floor.OPEN)


def test_a_voice_in_which_the_transcriber_made_out_nothing_is_not_asked_for() -> None:
    spoken().tell(Transcribed(utterance=1, text="")).expect().expect_floor(Floor.OPEN)


def test_a_guess_is_better_than_to_ask_again() -> None:
    play = spoken().tell(WordsGuessed(text="Hello")).expect().at(5.5).expect(PLEA)

    late_s = 3.7 + TRANSCRIPT_S
    asked = ask_agent(2, "Hello", spoke_until_s=3.0, transcribed_s=late_s)
    play.at(late_s).expect(NoteWords(utterance=1, text="Hello"), asked)


def test_a_reply_that_was_not_made_out_is_asked_for_again_and_still_goes_to_who_awaits_it() -> (
    None
):
    play = speaking(request(1, reply=True), patient())
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    speak(play.at(8.0), 1, until_s=9.0).at(9.0 + STALL_S).expect(PLEA)
    play.at(9.7 + TRANSCRIPT_S).expect(Say(turn=3, text=AGAIN))
    play.our_turn(3, until_s=17.0).expect(NoteHeard(turn=3))

    speak(play.at(18.0), 2, until_s=19.0)

    play.their_words(2, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))


def lost_over_again() -> Play:
    """They have spoken on from 6.5 to 7.5, before the time for their first words was over."""
    play = spoken().at(3.0 + STALL_S).expect(PLEA).at(6.5)
    return speak(play, 2, until_s=7.5)


def test_who_speaks_on_while_their_words_are_awaited_does_not_put_off_the_end_of_that() -> None:
    lost_over_again().at(8.2 + LAST_WORDS_S - 0.01).expect().at(8.2 + LAST_WORDS_S).expect(
        Say(turn=2, text=AGAIN)
    )


def test_who_speaks_on_after_every_plea_hears_the_farewell() -> None:
    play = lost_over_again().at(8.2 + LAST_WORDS_S).expect(Say(turn=2, text=AGAIN))
    play.our_turn(2, until_s=11.0).expect(NoteHeard(turn=2))
    speak(play.at(12.0), 3, until_s=13.0).at(13.0 + STALL_S).expect(PLEA)

    speak(play.at(16.5), 4, until_s=17.5)

    play.at(18.2 + LAST_WORDS_S).expect(Say(turn=3, text=FAREWELL))


def test_words_that_were_asked_for_early_are_not_awaited_for_longer_than_the_time() -> None:
    policy = patient(attentive())
    play = listening(policy).at(2.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.tell(SpeechSustained()).at(3.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))
    play.at(3.0 + STALL_S).expect(PLEA).at(6.5).tell(SpeechBegan()).expect(BeginUtterance())
    ended_s = 3.0 + policy.turn.endpoint_longest_s
    late_s = ended_s + TRANSCRIPT_S
    play.tell(SpeechSustained()).at(late_s - policy.turn.endpoint_longest_s)

    play.tell(SpeechStopped()).expect(CommitUtterance(utterance=2))

    play.at(late_s).expect(Say(turn=2, text=AGAIN))


def test_who_speaks_on_soon_is_given_the_whole_time() -> None:
    play = speak(spoken().at(4.0), 2, until_s=4.5)

    play.at(4.5 + STALL_S).expect(PLEA).at(3.7 + TRANSCRIPT_S).expect(Say(turn=2, text=AGAIN))


def test_words_that_come_while_they_speak_on_give_the_next_a_time_of_their_own() -> None:
    play = spoken().at(3.0 + STALL_S).expect(PLEA).at(6.5).tell(SpeechBegan())
    play.expect(BeginUtterance()).tell(SpeechSustained()).expect().their_words(1, "Hello")
    play.at(7.5).tell(SpeechStopped()).at(7.5 + ENDPOINT_S).expect(CommitUtterance(utterance=2))
    play.at(7.5 + STALL_S).expect(PLEA)

    asked = ask_agent(2, "Hello there", spoke_until_s=7.5, transcribed_s=12.0)
    play.at(12.0).their_words(2, "there", asked)


def test_words_that_come_after_they_spoke_on_give_the_next_a_time_of_their_own() -> None:
    play = lost_over_again().at(9.0).their_words(1, "Hello").at(7.5 + STALL_S).expect(PLEA)

    asked = ask_agent(2, "Hello there", spoke_until_s=7.5, transcribed_s=12.0)
    play.at(12.0).their_words(2, "there", asked)


def test_a_guess_gives_what_is_being_said_a_time_of_its_own() -> None:
    play = spoken().at(3.0 + STALL_S).expect(PLEA).at(6.5).tell(SpeechBegan())
    play.expect(BeginUtterance()).tell(SpeechSustained(), WordsGuessed(text="there")).expect()
    play.at(7.5).tell(SpeechStopped()).at(7.5 + ENDPOINT_S).expect(CommitUtterance(utterance=2))
    play.at(7.5 + STALL_S).expect(PLEA)

    asked = ask_agent(2, "there", spoke_until_s=7.5, transcribed_s=12.0)
    play.at(12.0).their_words(2, "there").tell(Transcribed(utterance=1, text="")).expect(asked)


def test_the_time_after_a_noise_does_not_count_for_what_is_said_then() -> None:
    play = speak(listening(patient()).at(2.0), 1, until_s=3.0, is_sustained=False)

    speak(play.at(6.5), 2, until_s=7.5).at(7.5 + STALL_S).expect(PLEA)

    play.at(8.2 + TRANSCRIPT_S).expect(Say(turn=2, text=AGAIN))


def test_what_waits_to_be_said_is_said_in_place_of_asking_again() -> None:
    play = spoken().tell(request(1)).expect()

    play.at(3.7 + TRANSCRIPT_S).expect(Say(turn=2, text="Listen"))


def test_who_has_interrupted_us_and_was_not_made_out_hears_us_go_on() -> None:
    play = answering(patient()).at(5.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(5.3).tell(SpeechSustained()).expect(StopTurn(turn=2))
    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=2))
    play.at(6.0 + STALL_S).expect(PLEA)

    play.at(6.7 + TRANSCRIPT_S).expect(ResumeTurn(turn=3))
