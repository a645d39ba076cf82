"""Scenes that plays of a turn begin with, and what is asked for in many of them."""

from dataclasses import replace

from tests.call.playbook import ENDPOINT_S, Play, conversation, listening
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    AskAgent,
    CallerTiming,
    Finish,
    NoteHeard,
    Say,
)
from voicecalld.call.events import EndReason, PromptRequested, TurnAudible, TurnHeard, TurnQueued
from voicecalld.call.machine import CallPolicy


def attentive(
    *, filler: str = "", is_opening_protected: bool = False, false_interruption_s: float = 2.0
) -> CallPolicy:
    """A conversation whose transcriber tells words while they are spoken."""
    policy = conversation()
    turn = replace(
        policy.turn,
        has_early_words=True,
        filler=filler,
        is_opening_protected=is_opening_protected,
        false_interruption_s=false_interruption_s,
    )
    return replace(policy, turn=turn)


WE_HANG_UP = Finish(reason=EndReason.HANGUP_BOT, carrier_knows=False)


def ask_agent(
    turn: int,
    text: str = "",
    digits: str = "",
    *,
    spoke_until_s: float,
    endpointed_s: float | None = None,
    transcribed_s: float | None = None,
    waited_s: float = 0.0,
) -> AskAgent:
    """What is asked when the words were made out as soon as the turn was over."""
    endpointed_s = spoke_until_s + ENDPOINT_S if endpointed_s is None else endpointed_s
    timing = CallerTiming(
        speech_ended_s=spoke_until_s,
        endpointed_s=endpointed_s,
        transcribed_s=endpointed_s if transcribed_s is None else transcribed_s,
    )
    return AskAgent(turn=turn, text=text, digits=digits, timing=timing, waited_s=waited_s)


def request(prompt: int, text: str = "Listen", *, reply: bool = False) -> PromptRequested:
    return PromptRequested(prompt=prompt, text=text, expects_reply=reply)


def thinking(policy: CallPolicy | None = None) -> Play:
    """They said "Hello" from 2.0 to 3.0, and the agent thinks about turn 2 since 3.7."""
    play = listening(policy).at(2.0).their_speech(1, until_s=3.0)
    return play.their_words(1, "Hello", ask_agent(2, "Hello", spoke_until_s=3.0))


def answering(policy: CallPolicy | None = None) -> Play:
    """The agent's answer, turn 2, is being heard since 4.0; not all of it is queued."""
    return thinking(policy).at(4.0).tell(TurnAudible(turn=2)).expect()


def speaking(prompt: PromptRequested, policy: CallPolicy | None = None) -> Play:
    """*prompt* is being said as turn 2 since 2.0."""
    play = listening(policy).at(2.0).tell(prompt).expect(Say(turn=2, text=prompt.text))
    return play.tell(TurnAudible(turn=2), TurnQueued(turn=2, lasts_s=5.0)).expect()


def replied(policy: CallPolicy | None = None) -> Play:
    """A reply was handed over at 9.7."""
    play = speaking(request(1, reply=True), policy)
    play.at(7.0).tell(TurnHeard(turn=2)).expect(NoteHeard(turn=2), AnswerPrompt(prompt=1, turn=2))
    play.at(8.0).their_speech(1, until_s=9.0)
    return play.their_words(1, "Yes", AnswerReply(prompt=1, text="Yes", digits=""))
