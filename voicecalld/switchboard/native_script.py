"""One turn of ours as the agent writes it, cut into steps that a carrier can be told."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import assert_never

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText
from voicecalld.errors import RemoteError
from voicecalld.switchboard.native_steps import Step, spoken_text
from voicecalld.switchboard.talk import AGENT, next_output


class Script:
    """Grows until `write` has returned; what was written before a failure stays."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.written: list[Step] = []
        self.text = ""
        self.ends_call = False
        self.error: RemoteError | None = None

    async def write(
        self,
        outputs: AsyncGenerator[AgentOutput, None],
        patience_s: float,
        agent_name: str = AGENT,
    ) -> None:
        """Take all *outputs* of *agent_name*, each of them within *patience_s*."""
        try:
            async with aclosing(outputs):
                while (output := await next_output(outputs, patience_s, agent_name)) is not None:
                    match output:
                        case SayText(text=text):
                            self.text += text
                        case PressKeys(digits=digits):
                            self.end_text()
                            self.written.append(Step(turn=self.turn, press=digits))
                        case EndCall():
                            self.ends_call = True
                            break
                        case _:
                            assert_never(output)
        except RemoteError as error:
            self.error = error
        self.end_text()

    def end_text(self) -> None:
        """Make a step of the text so far, if it can be said."""
        text, self.text = spoken_text(self.text), ""
        if text:
            self.written.append(Step(turn=self.turn, say=text))

    def steps(self) -> tuple[Step, ...]:
        """The steps, of which the last one ends the turn; none if there is nothing to do."""
        if not self.written:
            return ()
        last = replace(
            self.written[-1],
            ends_turn=True,
            ends_call=self.ends_call,
            failure=self.error,
        )
        return (*self.written[:-1], last)
