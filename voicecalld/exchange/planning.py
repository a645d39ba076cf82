"""From a telephone's script to its plan: files are read first, then all words become sound."""

import math
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import trio

from voicecalld.audio.frame import SILENT_FRAME, Framer
from voicecalld.audio.keys import place_keys, render_keys
from voicecalld.audio.tones import beep
from voicecalld.errors import BadScriptError
from voicecalld.exchange.party import Deed, HangUp, Plan, PlannedStep, PlaySound, is_loud
from voicecalld.exchange.script_file import read_script_file, read_sound
from voicecalld.phone_settings import PhoneScript, PhoneSettings, Step
from voicecalld.speech.base import Synthesizer

GREETING = "You have reached our answering machine. Please leave a message after the tone."
GREETING_AFTER_MS = 500
BEEP_HZ = 1000
BEEP_MS = 500
MACHINE_LISTENS_MS = 30_000  # since its answer


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScript:
    """A script with the content of its WAV files, as mu-law by path."""

    script: PhoneScript
    sounds: Mapping[str, bytes] = field(default_factory=dict)
    beeps: bool = False


async def load_phone(phone: PhoneSettings) -> LoadedScript:
    """The script of a telephone, wherever it is written.

    Raises:
        BadScriptError: a file is missing or bad; the message names it.
    """
    script: PhoneScript = phone
    if phone.script:
        script = override(await read_script_file(Path(phone.script)), phone)
    if phone.behaviour == "machine" and not script.steps:
        return replace(await load_script(build_machine(script)), beeps=True)
    return await load_script(script)


def override(script: PhoneScript, phone: PhoneSettings) -> PhoneScript:
    """*script* with what the telephone's own settings say."""
    given = phone.model_fields_set & PhoneScript.model_fields.keys() - {"steps"}
    return script.model_copy(update={name: getattr(phone, name) for name in given})


def build_machine(script: PhoneScript) -> PhoneScript:
    """The script of an answering machine; *script* says how long it listens and records."""
    greeting = Step(say=GREETING, when="answered", after_ms=GREETING_AFTER_MS)
    hangs_up_after_ms = script.hangs_up_after_ms
    if hangs_up_after_ms is None:
        hangs_up_after_ms = MACHINE_LISTENS_MS
    return PhoneScript(
        steps=(greeting,),
        record=script.record,
        hangs_up_after_ms=hangs_up_after_ms,
        hang_up_when_done=False,
    )


async def load_script(script: PhoneScript) -> LoadedScript:
    """*script* with the content of its files.

    Raises:
        BadScriptError: a file is missing or bad; the message names it and its step.
    """
    sounds: dict[str, bytes] = {}
    for number, step in enumerate(script.steps, start=1):
        if step.wav is not None and step.wav not in sounds:
            sounds[step.wav] = await load_sound(Path(step.wav), number)
    # Found out now, not when the call has been held and cannot be recorded.
    if script.record:
        await trio.to_thread.run_sync(check_record, Path(script.record))
    return LoadedScript(script=script, sounds=sounds)


def check_record(path: Path) -> None:
    """Refuse what no recording can be written to; it blocks, so it belongs in a thread.

    Raises:
        BadScriptError: it is such a path.
    """
    try:
        folder_exists, is_folder = path.parent.is_dir(), path.is_dir()
    except OSError as problem:
        raise BadScriptError(f"record: {path}: {problem.strerror}") from problem
    if is_folder:
        raise BadScriptError(f"record: {path}: is a folder, not a file")
    if not folder_exists:
        raise BadScriptError(f"record: {path}: its folder does not exist")


async def load_sound(path: Path, step: int) -> bytes:
    """The WAV file that step number *step* plays."""
    try:
        return await trio.to_thread.run_sync(read_sound, path)
    except BadScriptError as problem:
        raise BadScriptError(f"step {step}: {problem}") from problem


async def build_plan(loaded: LoadedScript, voice: Synthesizer) -> Plan:
    """The plan for *loaded*, with every word spoken by *voice* in advance.

    Raises:
        ServiceError: the voice failed.
    """
    script = loaded.script
    steps = [await plan_step(step, loaded.sounds, voice) for step in script.steps]
    if loaded.beeps:
        sound = play(beep(BEEP_HZ, BEEP_MS))
        steps.append(PlannedStep(when="answered", after_s=0.0, deed=sound))
    ms = script.hangs_up_after_ms
    return Plan(
        steps=tuple(steps),
        hangs_up_after_s=math.inf if ms is None else ms / 1000,
        hang_up_when_done=script.hang_up_when_done,
        record=Path(script.record) if script.record else None,
    )


async def plan_step(step: Step, sounds: Mapping[str, bytes], voice: Synthesizer) -> PlannedStep:
    """*step* with its sound."""
    deed = await plan_deed(step, sounds, voice)
    return PlannedStep(when=step.when, after_s=step.after_ms / 1000, deed=deed)


async def plan_deed(step: Step, sounds: Mapping[str, bytes], voice: Synthesizer) -> Deed:
    """What *step* does, which is exactly one of four things."""
    if step.say is not None:
        return play(await speak(step.say, voice))
    if step.wav is not None:
        return play(sounds[step.wav])
    if step.press is not None:
        return play(render_keys(step.press), place_keys(step.press))
    return HangUp()


async def speak(text: str, voice: Synthesizer) -> bytes:
    """All the sound of *text*."""
    async with aclosing(voice.synthesize(text)) as chunks:
        return b"".join([chunk.audio async for chunk in chunks])


def play(sound: bytes, digits: Mapping[int, str] | None = None) -> PlaySound:
    """The deed that plays *sound*, at least one frame long."""
    framer = Framer()
    frames = (*framer.feed(sound), *framer.flush())
    loud_until = max(
        (number for number, frame in enumerate(frames, 1) if is_loud(frame)), default=0
    )
    return PlaySound(frames=frames or (SILENT_FRAME,), digits=digits or {}, loud_until=loud_until)
