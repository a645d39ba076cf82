"""Conversations that end in different moments."""

from typing import Final

from tests.day.conversation import Conversation, hangs_up, says
from tests.day.ears import Hearing, Lag
from tests.day.mind import Think
from tests.day.turns import HOURS, QUESTION
from voicecalld.agent.base import EndCall

ENDS: Final = (
    Conversation(
        name="farewell",
        about="The agent ends the call, when its farewell has been heard.",
        steps=(says("That is all for today."),),
        replies=(("Good bye, and thank you for calling.", EndCall()),),
        hang_up_when_done=False,
    ),
    Conversation(
        name="hangs-up-at-once",
        about="They hang up as soon as they have answered.",
        steps=(hangs_up(when="answered", after_s=0.0),),
        differs={"mock": "its lines have sound from the answer on, not some moments later"},
    ),
    Conversation(
        name="hangs-up-in-the-opening",
        about="They hang up while we say the first words.",
        opening="Hello, this is the restaurant, about your table.",
        steps=(hangs_up(when="agent-speaks", after_s=1.7),),
    ),
    Conversation(
        name="hangs-up-while-speaking",
        about="They hang up in the middle of their own sentence.",
        steps=(says("I would like to book a table for two at eight."),),
        hangs_up_after_s=2.5,
    ),
    Conversation(
        name="hangs-up-while-listening",
        about="They hang up when we wait for them to speak.",
        steps=(hangs_up(after_s=1.5),),
    ),
    Conversation(
        name="hangs-up-before-their-words",
        about="They hang up while their words are being made out.",
        steps=(QUESTION, hangs_up(when="answered", after_s=4.0)),
        hearing=Hearing(lag=Lag(first_s=3.0)),
    ),
    Conversation(
        name="hangs-up-while-we-think",
        about="They hang up while the agent thinks.",
        steps=(QUESTION, hangs_up(when="answered", after_s=5.0)),
        replies=((Think(seconds=9.0), HOURS),),
    ),
    Conversation(
        name="hangs-up-in-the-answer",
        about="They hang up while we answer.",
        steps=(QUESTION, hangs_up(when="agent-speaks", after_s=1.7)),
        replies=(HOURS,),
    ),
)
