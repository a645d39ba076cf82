"""Conversations in which both sides are to be heard at once."""

from typing import Final

from tests.day.conversation import Conversation, hangs_up, says, says_over_us
from tests.day.mind import Think
from voicecalld.agent.base import EndCall

ASKS: Final = says("Tell me your hours.")
HOURS: Final = "We are open from Monday to Friday. On Saturday we close at noon. On Sunday never."
INBOUND: Final = {"inbound_greeting": "Hello, this is the restaurant. How can I help you?"}

OVERLAPS: Final = (
    Conversation(
        name="barge-in",
        about="They interrupt us with words, and only what they had heard was said.",
        steps=(ASKS, says_over_us("Stop, that is enough.", after_s=3.0)),
        replies=(HOURS, "All right."),
    ),
    Conversation(
        name="cough",
        about="They cough while we speak, and we go on.",
        steps=(ASKS, says_over_us("[cough]", after_s=2.0)),
        replies=(HOURS,),
    ),
    Conversation(
        name="cough-while-thinking",
        about="They cough while the agent thinks: it goes on thinking, and is asked once.",
        steps=(ASKS, says("[cough]", when="answered", after_s=4.0), hangs_up()),
        replies=((Think(seconds=1.6), HOURS),),
    ),
    Conversation(
        name="mm-hm",
        about="They let us know that they listen, and we go on.",
        steps=(ASKS, says_over_us("Yeah. [1.0] Okay.", after_s=1.5)),
        replies=(HOURS,),
    ),
    Conversation(
        name="false-interruption",
        about="A long sound without a word has interrupted us: we go on with the cut sentence.",
        steps=(ASKS, says_over_us("[moan]", after_s=3.0)),
        replies=(HOURS,),
    ),
    Conversation(
        name="echo",
        about="Our own words come back from their loudspeaker, and nobody has interrupted us.",
        steps=(ASKS, says_over_us("open from Monday to Friday.", after_s=2.0)),
        replies=(HOURS,),
    ),
    Conversation(
        name="interrupted-twice",
        about="They interrupt the answer to their interruption as well.",
        steps=(
            ASKS,
            says_over_us("No, the kitchen.", after_s=2.0),
            says_over_us("And the bar?", after_s=1.7),
        ),
        replies=(HOURS, "The kitchen closes one hour before we do.", "The bar never closes."),
    ),
    Conversation(
        name="answers-early",
        about="They answer our question over its last word, and that is no interruption.",
        opening="Would you like a table for two?",
        steps=(says_over_us("Yes.", after_s=2.08),),
        replies=("Fine.",),
    ),
    Conversation(
        name="between-sentences",
        about="They interrupt us while the agent thinks of its next sentence.",
        steps=(ASKS, says("And on Sunday?", when="answered", after_s=5.5)),
        replies=(("We open at nine. ", Think(seconds=3.0), "And we close at five."), "Never."),
    ),
    Conversation(
        name="filler-interrupted",
        about="They speak over a filler, and the agent is asked anew.",
        steps=(ASKS, says_over_us("Never mind.", after_s=0.5)),
        replies=((Think(seconds=5.0), HOURS), "As you like."),
        settings={"turn": {"filler": "Let me see, please wait."}},
    ),
    Conversation(
        name="farewell-interrupted",
        about="They interrupt the farewell, so the call goes on.",
        steps=(ASKS, says_over_us("Wait, one more thing.", after_s=1.0)),
        replies=(("Good bye and thank you for calling.", EndCall()), "Yes?"),
    ),
    Conversation(
        name="greeting-interrupted",
        about="They call us, and do not let us finish the greeting.",
        is_inbound=True,
        steps=(says_over_us("Do you have a table?", after_s=1.5),),
        replies=("For how many?",),
        settings=INBOUND,
    ),
    Conversation(
        name="greeting-protected",
        about="They speak over a greeting that is to be heard: it is, and then they are answered.",
        is_inbound=True,
        steps=(
            says_over_us("Do you have a table?", after_s=1.5),
            hangs_up(when="answered", after_s=6.5),
        ),
        replies=("For how many?",),
        settings={**INBOUND, "turn": {"protect_greeting": True}},
    ),
)
