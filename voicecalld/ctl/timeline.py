"""A call as it can be drawn: who spoke when, what was cut, and where each answer's time went.

All times are in seconds since the beginning of the drawing. Only the command that draws loads this
module, so it need not be as light as the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from voicecalld.ctl.render import describe_state, member, members, parse_time, text
from voicecalld.errors import RefusedError
from voicecalld.rpc.json_line import Json, JsonObject

SHARES: Final[Mapping[str, str]] = {
    "endpointMs": "endpoint",
    "transcriptMs": "transcript",
    "firstTextMs": "agent",
    "firstAudioMs": "voice",
    "firstFrameMs": "line",
}
"""What an answer's time is spent on, and the stage at which that is done.

They are: to be sure that the caller has finished, to make out the words, to think of an answer, to
speak it, to send it. That its first sound was heard (firstMarkMs) nobody waits for.
"""

SPEAKERS: Final = ("user", "bot")

# No call may last longer than a day. One that was begun before the clock was set, as that of a
# machine which had none while it was off, would fill the memory with empty rows.
LONGEST_S: Final = 2 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One utterance; of one whose end is unknown, the end is the beginning."""

    speaker: str
    text: str
    begin_s: float
    end_s: float
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a part of an answer's time was spent on; *name* is one of `SHARES`."""

    name: str
    begin_s: float
    end_s: float

    @property
    def lasts_ms(self) -> int:
        """How long that took."""
        return round((self.end_s - self.begin_s) * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of ours, which the caller waited for from ``begin_s`` on."""

    turn: str
    begin_s: float
    shares: tuple[Share, ...]

    @property
    def end_s(self) -> float:
        """The end of the last share that is known."""
        return self.shares[-1].end_s if self.shares else self.begin_s

    @property
    def waited_ms(self) -> int | None:
        """How long the caller waited; None if nothing was ever sent."""
        is_sent = bool(self.shares) and self.shares[-1].name == SHARES["firstFrameMs"]
        return round((self.end_s - self.begin_s) * 1000) if is_sent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys that were pressed, by us or by the caller."""

    digits: str
    at_s: float
    is_ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All of a call that can be drawn; ``cuts_s`` are the interruptions of ours."""

    title: str
    lasts_s: float
    speeches: tuple[Speech, ...]
    answers: tuple[Answer, ...]
    keys: tuple[Keys, ...]
    cuts_s: tuple[float, ...]


def read_timeline(result: JsonObject) -> Timeline:
    """The result of voicecall.timeline, counted from the answer to the call.

    Raises:
        ValueError: a time in it is none.
        RefusedError: the daemon's clock was set in the middle of the call.
    """
    call = member(result, "call")
    zero_s = find_zero(result, call)
    speeches = tuple(read_speech(said, zero_s) for said in members(result, "utterances"))
    # Without the end of the caller's speech there is no place for an answer.
    answers = tuple(
        read_answer(turn, zero_s) for turn in members(result, "turns") if "speechEndedAt" in turn
    )
    keys = tuple(read_keys(pressed, zero_s) for pressed in members(result, "keys"))
    cuts_s = tuple(since(cut, "at", zero_s) for cut in members(result, "interruptions"))
    ends_s = [
        *(speech.end_s for speech in speeches),
        *(answer.end_s for answer in answers),
        *(pressed.at_s for pressed in keys),
        *cuts_s,
    ]
    if "endedAt" in call:
        ends_s.append(since(call, "endedAt", zero_s))
    lasts_s = max((0.0, *ends_s))
    if lasts_s > LONGEST_S:
        raise RefusedError("the call cannot be drawn: the clock was set while it lasted")
    return Timeline(
        title=describe(call),
        lasts_s=lasts_s,
        speeches=speeches,
        answers=answers,
        keys=keys,
        cuts_s=cuts_s,
    )


def find_zero(result: JsonObject, call: JsonObject) -> float:
    """When the drawing begins: at the answer, or at the first thing that was noted before it."""
    noted = [
        text(one, "at")
        for name in ("utterances", "interruptions", "keys")
        for one in members(result, name)
    ]
    ended = [text(turn, "speechEndedAt") for turn in members(result, "turns")]
    answered = text(call, "answeredAt") or text(call, "startedAt")
    return min(parse_time(at) for at in (answered, *noted, *filter(None, ended)))


def describe(call: JsonObject) -> str:
    """Which call it is, in one line."""
    names = ("callId", "provider", "direction")
    return ", ".join((*(text(call, name) for name in names), describe_state(call)))


def read_speech(said: JsonObject, zero_s: float) -> Speech:
    """An utterance of the wire."""
    begin_s = since(said, "at", zero_s)
    end_s = since(said, "endedAt", zero_s) if "endedAt" in said else begin_s
    return Speech(
        speaker=text(said, "speaker"),
        text=text(said, "text"),
        begin_s=begin_s,
        end_s=max(begin_s, end_s),  # the wall clock may have been set back
        is_cut=bool(said.get("interrupted")),
    )


def read_answer(turn: JsonObject, zero_s: float) -> Answer:
    """An answer of the wire; what took a stage that was not measured belongs to the next one."""
    begin_s = done_s = since(turn, "speechEndedAt", zero_s)
    shares: list[Share] = []
    for stage, name in SHARES.items():
        if stage not in turn:
            continue
        # Two stages may come in another order: then the later one took no time of its own.
        stage_s = max(done_s, begin_s + milliseconds(turn[stage]) / 1000)
        shares.append(Share(name=name, begin_s=done_s, end_s=stage_s))
        done_s = stage_s
    return Answer(turn=text(turn, "turn"), begin_s=begin_s, shares=tuple(shares))


def read_keys(pressed: JsonObject, zero_s: float) -> Keys:
    """Keys of the wire."""
    return Keys(
        digits=text(pressed, "digits"),
        at_s=since(pressed, "at", zero_s),
        is_ours=pressed.get("direction") == "out",
    )


def since(of: JsonObject, name: str, zero_s: float) -> float:
    """The time that is the member *name*."""
    return parse_time(text(of, name)) - zero_s


def milliseconds(value: Json) -> float:
    """A member that is a number."""
    if not isinstance(value, int | float):
        raise ValueError(f"not a number: {value}")  # noqa: TRY004 - as of every bad value here
    return value


def show_time(at_s: float, *, tenths: bool = False) -> str:
    """Minutes and seconds, as in 1:05 or 1:05.3."""
    total = round(max(0.0, at_s) * 10)
    minutes, rest = divmod(total, 600)
    seconds, tenth = divmod(rest, 10)
    return f"{minutes}:{seconds:02}" + (f".{tenth}" if tenths else "")
