"""The demo's call, from placing it to the last word about it."""

import tomllib
import wave
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

import numpy as np
import numpy.typing as npt

from voicecalld.agent.base import CallerTurn
from voicecalld.agent.receptionist import Conversation, answer_turn
from voicecalld.agent_settings import ReceptionistSettings
from voicecalld.ctl.client import Client, connect
from voicecalld.ctl.commands import write_drawing
from voicecalld.demo.config import CALLEE, SCRIPT
from voicecalld.demo.daemon_process import run_daemon
from voicecalld.demo.display import Display
from voicecalld.demo.outcome import (
    ask_outcome,
    find_problems,
    find_silent_sides,
)
from voicecalld.errors import DemoFailedError

OPENING: Final = "Hello! This is Robin at the office. How can I help?"

QUIET_S: Final = 30.0  # nothing in this conversation takes as long


def show_call(record: Path, stream: TextIO, *, drawing: str | None = None) -> None:
    """Hold the conversation before the eyes of the audience, and leave its sound in *record*.

    If *drawing* is a file's path, the call is drawn into it.

    Raises:
        DemoFailedError: it did not go as it should; the text has all the reasons.
        VoicecallError: the daemon cannot be reached or refuses.
    """
    display = Display(stream)
    display.say("Starting a voicecalld with a mock carrier, embedded speech and an embedded agent")
    with run_daemon(record) as daemon:
        display.say(f"Process {daemon.process.pid} is ready at {daemon.socket_path}")
        display.say(f"It now calls {CALLEE}, where somebody follows {SCRIPT.name}")
        display.say()
        with connect([daemon.socket_path]) as orders, connect([daemon.socket_path]) as told:
            told.socket.settimeout(QUIET_S)
            call_id = hold_call(orders, told, display)
            outcome = ask_outcome(orders, call_id)
            if drawing is not None:
                write_drawing(orders.call("voicecall.timeline", {"callId": call_id}), drawing)
    # Only now, when the daemon is gone, has the last sample been written.
    display.show_outcome(outcome, record)
    problems = [
        *find_problems(outcome, read_script(), intended_answer),
        *find_silent_sides(read_stereo(record)),
    ]
    if problems:
        raise DemoFailedError("\n".join(problems))


def hold_call(orders: Client, told: Client, display: Display) -> str:
    """Place the call and show it until its end; *told* hears of events, *orders* asks.

    Gives the call's id.
    """
    told.call("voicecall.subscribe", {})
    placed = orders.call(
        "voicecall.initiate", {"to": CALLEE, "message": OPENING, "mode": "conversation"}
    )
    call_id = str(placed["callId"])
    try:
        for event in told.events():
            display.tell(event)
            if event.get("event") == "call.ended":
                break
    except TimeoutError as error:
        raise DemoFailedError(f"nothing has happened for {QUIET_S:.0f} s") from error
    return call_id


def read_script() -> list[str]:
    """What the callee says, sentence by sentence."""
    steps = tomllib.loads(SCRIPT.read_text(encoding="utf-8"))["steps"]
    return [step["say"] for step in steps]


def intended_answer(words: str) -> str:
    """All that the agent would have answered, had it been let."""
    who = ReceptionistSettings()
    conversation = Conversation(name=who.name, company=who.company, clock=datetime.now)
    return answer_turn(conversation, CallerTurn(text=words)).text


def read_stereo(record: Path) -> npt.NDArray[np.int16]:
    """The samples of a recording, shaped (samples, 2).

    Not by `voicecalld.audio.wav`, which mixes the sides; and who wrote a file is no good judge of
    whether others can read it.
    """
    try:
        with wave.open(str(record), "rb") as sound:
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
            return samples.reshape(-1, sound.getnchannels())
    except (OSError, EOFError, wave.Error) as error:
        raise DemoFailedError(f"the recording cannot be read: {error}") from error
