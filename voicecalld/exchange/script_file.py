"""Files of a telephone's script: TOML with its steps, and the WAV files that it plays."""

import tomllib
from pathlib import Path
from typing import TypeVar

import trio
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.pcm import resample
from voicecalld.audio.wav import parse_wav
from voicecalld.errors import BadAudioError, BadScriptError
from voicecalld.phone_settings import PhoneScript, PhoneSettings, Step

Script = TypeVar("Script", bound=PhoneScript)


async def read_script_file(path: Path) -> PhoneScript:
    """The script in the TOML file at *path*, its paths made relative to that file.

    Raises:
        BadScriptError: there is none, or it is wrong; one line for each mistake, with file and
            key.
    """
    try:
        text = await trio.Path(path).read_text(encoding="utf-8")
        script = PhoneScript.model_validate(tomllib.loads(text))
    except OSError as problem:
        raise BadScriptError(f"{path}: {problem.strerror}") from problem
    except ValidationError as problem:
        lines = [f"{path}: {describe(error)}" for error in problem.errors()]
        raise BadScriptError("\n".join(lines)) from problem
    except (ValueError, RecursionError) as problem:  # not TOML, or not even UTF-8
        raise BadScriptError(f"{path}: {problem}") from problem
    return resolve_paths(script, path.parent)


def describe(error: ErrorDetails) -> str:
    """A mistake as key and complaint; steps are counted from one, as people do."""
    key = "".join(
        f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in error["loc"]
    )
    return f"{key.removeprefix('.')}: {error['msg'].removeprefix('Value error, ')}"


def resolve_paths(script: Script, folder: Path) -> Script:
    """*script* with its relative paths taken from *folder*."""
    changed: dict[str, object] = {
        "steps": tuple(resolve_step(step, folder) for step in script.steps)
    }
    if script.record:
        changed["record"] = str(folder / script.record)
    if isinstance(script, PhoneSettings) and script.script:
        changed["script"] = str(folder / script.script)
    return script.model_copy(update=changed)


def resolve_step(step: Step, folder: Path) -> Step:
    """*step* with its relative path taken from *folder*."""
    if step.wav is None:
        return step
    return step.model_copy(update={"wav": str(folder / step.wav)})


def read_sound(path: Path) -> bytes:
    """The WAV file at *path* as mu-law at 8 kHz; it blocks, so it belongs in a thread.

    Raises:
        BadScriptError: it cannot be read; the message names the file.
    """
    try:
        sound = parse_wav(path.read_bytes())
    except OSError as problem:
        raise BadScriptError(f"{path}: {problem.strerror}") from problem
    except BadAudioError as problem:
        raise BadScriptError(f"{path}: {problem}") from problem
    return mulaw_encode(resample(sound.pcm, sound.rate_hz, SAMPLE_RATE_HZ))
