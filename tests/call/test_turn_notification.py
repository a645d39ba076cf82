from tests.call.playbook import CONNECTED, HANG_UP_S, Play, notification
from tests.call.scenes import WE_HANG_UP, request
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    BeginUtterance,
    CommitUtterance,
    DiscardUtterance,
    Finish,
    NoteHeard,
    NoteKey,
    Say,
)
from voicecalld.call.events import (
    EndReason,
    PressedKey,
    PromptAbandoned,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    TurnAudible,
    TurnQueued,
)
from voicecalld.call.patience import KEYS_PAUSE_S


def notifying() -> Play:
    """The message, turn 1, is being heard since 0.0."""
    play = Play(notification()).at(0.0).tell(CONNECTED)
    return play.expect(Say(turn=1, text="The door is open")).tell(TurnAudible(turn=1)).expect()


def notified() -> Play:
    """The message was heard until 4.0."""
    return notifying().our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))


def test_we_hang_up_some_time_after_the_message_was_heard() -> None:
    play = notified()

    play.at(4.0 + HANG_UP_S - 0.001).expect()

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_hang_up_at_the_same_time_when_they_talk_after_the_message() -> None:
    play = notified().at(5.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_what_they_say_after_the_message_is_noted_and_does_not_keep_us() -> None:
    play = notified().at(4.5).their_speech(1, until_s=5.0)

    play.their_words(1, "Thanks")

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_words_during_the_message_are_kept_but_do_not_interrupt() -> None:
    play = notifying()

    play.at(1.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(1.3).tell(SpeechSustained()).expect()
    play.at(3.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Who is it?")

    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))
    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_words_that_outlast_the_message_are_kept() -> None:
    play = notifying().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))

    play.at(4.2).tell(SpeechSustained()).expect()
    play.at(5.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    play.their_words(1, "Who is it?").at(4.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_a_cough_during_the_message_is_discarded() -> None:
    play = notifying().at(1.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(1.4).tell(SpeechStopped(ago_s=0.2)).expect(DiscardUtterance())


def test_a_cough_that_outlasts_the_message_is_discarded() -> None:
    play = notifying().at(3.9).tell(SpeechBegan()).expect(BeginUtterance())
    play.our_turn(1, until_s=4.0).expect(NoteHeard(turn=1))

    play.at(4.2).tell(SpeechStopped(ago_s=0.2)).expect(DiscardUtterance())


def test_a_cough_after_words_during_the_message_is_discarded() -> None:
    play = notifying().at(1.0).tell(SpeechBegan()).expect(BeginUtterance())
    play.at(1.3).tell(SpeechSustained()).expect()
    play.at(2.0).tell(SpeechStopped()).expect(CommitUtterance(utterance=1))

    play.at(3.0).tell(SpeechBegan()).expect(BeginUtterance())

    play.at(3.3).tell(SpeechStopped()).expect(DiscardUtterance())


def test_a_message_that_could_not_be_said_ends_the_call_with_an_error() -> None:
    play = Play(notification()).at(0.0).tell(CONNECTED)
    play.expect(Say(turn=1, text="The door is open"))

    play.tell(TurnQueued(turn=1, failed=True))

    play.expect(NoteHeard(turn=1), Finish(reason=EndReason.ERROR, carrier_knows=False))


def test_a_notification_without_a_message_hangs_up_as_well() -> None:
    play = Play(notification(opening="")).at(0.0).tell(CONNECTED).expect()

    play.at(HANG_UP_S).expect(WE_HANG_UP)


def test_a_prompt_after_the_message_is_heard_before_we_hang_up() -> None:
    play = notified().at(6.9).tell(request(1)).expect(Say(turn=2, text="Listen"))

    play.our_turn(2, until_s=9.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(9.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_a_prompt_that_waits_until_they_have_spoken_is_not_cut_off_by_hanging_up() -> None:
    play = notified().at(5.0).tell(SpeechBegan(), request(1)).expect(BeginUtterance())

    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Who?", Say(turn=2, text="Listen"))

    play.our_turn(2, until_s=9.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    play.at(9.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_hang_up_even_if_the_prompt_that_kept_us_was_abandoned() -> None:
    play = notified().at(5.0).tell(SpeechBegan(), request(1)).expect(BeginUtterance())
    play.tell(PromptAbandoned(prompt=1)).expect()

    play.at(6.0).tell(SpeechStopped()).at(6.7).expect(CommitUtterance(utterance=1))
    play.their_words(1, "Who?")

    play.at(6.7 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_do_not_hang_up_while_a_reply_to_a_question_is_awaited() -> None:
    play = notified().at(5.0).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))
    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(60.0).their_speech(1, until_s=61.0)
    play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))

    play.at(61.7 + HANG_UP_S).expect(WE_HANG_UP)


def test_we_hang_up_some_time_after_an_awaited_reply_was_abandoned() -> None:
    play = notified().at(5.0).tell(request(1, reply=True)).expect(Say(turn=2, text="Listen"))
    play.our_turn(2, until_s=6.0).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))

    play.at(60.0).tell(PromptAbandoned(prompt=1)).expect()

    play.at(60.0 + HANG_UP_S).expect(WE_HANG_UP)


def test_keys_in_a_notification_are_noted_and_nothing_else() -> None:
    play = notified().at(4.5).tell(PressedKey(digit="1")).expect(NoteKey(digit="1"))

    play.at(4.5 + KEYS_PAUSE_S).expect()

    play.at(4.0 + HANG_UP_S).expect(WE_HANG_UP)
