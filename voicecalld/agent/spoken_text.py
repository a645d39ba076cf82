"""From what a model writes to what is said and done: thoughts left out, orders in tags obeyed.

Some models write their thoughts between ``<think>`` and ``</think>``. Those that have no tools
are told to write ``<end_call/>`` and ``<press keys="12#"/>`` instead.
"""

import re
from typing import Final

from voicecalld.agent.base import AgentOutput, EndCall, PressKeys, SayText

KEYS: Final = re.compile(r"[0-9*#]{1,32}")

THOUGHT_NAMES: Final = r"think|thinking|thought|thoughts|reasoning"
THOUGHT_BEGINS: Final = re.compile(rf"<(?:{THOUGHT_NAMES})>", re.IGNORECASE)
THOUGHT_ENDS: Final = re.compile(rf"</(?:{THOUGHT_NAMES})>", re.IGNORECASE)
END_CALL: Final = re.compile(r"<end_call\s*/?>(?:</end_call>)?", re.IGNORECASE)
PRESS: Final = re.compile(r"<press\s+keys\s*=\s*[\"']?([0-9*# ]{1,64})[\"']?\s*/?>", re.IGNORECASE)

# All that a tag of ours may hold before its end, so that "2 < 3" is not waited upon.
TAG_BEGINS: Final = re.compile(r"</?(?:[a-z_][a-z_0-9*#=\"'/ ]*)?", re.IGNORECASE)
LONGEST_TAG = 96


class SpokenText:
    """Takes the text of one answer in pieces that may break anywhere; gives what to say and do.

    Orders in tags are obeyed if *tags_are_orders*; else they are only not said.
    """

    def __init__(self, *, tags_are_orders: bool) -> None:
        self._tags_are_orders = tags_are_orders
        self._held = ""
        self._is_thought = False

    def feed(self, text: str) -> list[AgentOutput]:
        """What *text* adds; a tag that has only begun waits."""
        self._held += text
        outputs: list[AgentOutput] = []
        while self._held and self._step(outputs):
            pass
        return outputs

    def flush(self) -> list[AgentOutput]:
        """What is left at the end; half a tag was not meant to be said."""
        held, self._held = self._held, ""
        is_half_tag = len(held) > 1 and TAG_BEGINS.fullmatch(held) is not None
        return [] if self._is_thought or is_half_tag or not held else [SayText(text=held)]

    def _step(self, outputs: list[AgentOutput]) -> bool:
        """Take some of what is held; False if there must be more first."""
        if self._is_thought:
            return self._skip_thought()
        said, tag, rest = self._held.partition("<")
        if said:
            outputs.append(SayText(text=said))
        self._held = tag + rest
        return self._take_tag(outputs) if tag else False

    def _skip_thought(self) -> bool:
        end = THOUGHT_ENDS.search(self._held)
        # What is kept may be the beginning of the end.
        self._held = self._held[end.end() :] if end else self._held[-LONGEST_TAG:]
        self._is_thought = end is None
        return end is not None

    def _take_tag(self, outputs: list[AgentOutput]) -> bool:
        for pattern in (THOUGHT_BEGINS, THOUGHT_ENDS, END_CALL, PRESS):
            if (match := pattern.match(self._held)) is not None:
                self._held = self._held[match.end() :]
                self._is_thought = pattern is THOUGHT_BEGINS
                if self._tags_are_orders:
                    outputs += order_of(match)
                return True
        if len(self._held) < LONGEST_TAG and TAG_BEGINS.fullmatch(self._held):
            return False
        outputs.append(SayText(text="<"))
        self._held = self._held[1:]
        return True


def order_of(tag: re.Match[str]) -> list[AgentOutput]:
    """What *tag* orders: nothing, if it is about thoughts."""
    if tag.re is END_CALL:
        return [EndCall()]
    keys = tag[1].replace(" ", "") if tag.re is PRESS else ""
    return [PressKeys(digits=keys)] if KEYS.fullmatch(keys) else []
