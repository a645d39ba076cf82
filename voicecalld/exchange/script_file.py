"""Files of a telephone's script: TOML with its steps, and the WAV files that it plays."""

import stat
from pathlib import Path
from typing import Final

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.g711 import mulaw_encode
from voicecalld.audio.pcm import resample
from voicecalld.audio.wav import parse_wav
from voicecalld.config_file import parse_document
from voicecalld.errors import BadAudioError, BadScriptError, ConfigError
from voicecalld.phone_settings import PhoneScript

# Far more than any telephone call needs; whoever names a larger file has made a mistake. The sound
# is three minutes of stereo at 44.1 kHz; while it is converted it takes ten times its size.
LARGEST_SCRIPT_BYTES: Final = 1024 * 1024
LARGEST_SOUND_BYTES: Final = 32 * 1024 * 1024


async def read_script_file(path: Path) -> PhoneScript:
    """The script in the TOML file at *path*, its paths made relative to that file.

    Raises:
        BadScriptError: there is none, or it is wrong; one line for each mistake, with file and
            key.
    """
    # To parse the largest file takes longer than a frame may wait.
    script = await trio.to_thread.run_sync(parse_script_file, path)
    return script.with_paths(lambda name: str(path.parent / name))


def parse_script_file(path: Path) -> PhoneScript:
    """The script at *path* as it is written; it blocks, so it belongs in a thread.

    Raises:
        BadScriptError: as `read_script_file` does.
    """
    content = read_file(path, LARGEST_SCRIPT_BYTES)
    try:
        return parse_document(content.decode("utf-8-sig"), str(path), PhoneScript)
    except ConfigError as error:
        raise BadScriptError("\n".join(error.problems)) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadScriptError(f"{path}: line {line}: not UTF-8 text") from error


def read_sound(path: Path) -> bytes:
    """The WAV file at *path* as mu-law at 8 kHz; it blocks, so it belongs in a thread.

    Raises:
        BadScriptError: it cannot be read; the message names the file.
    """
    try:
        sound = parse_wav(read_file(path, LARGEST_SOUND_BYTES))
    except BadAudioError as problem:
        raise BadScriptError(f"{path}: {problem}") from problem
    return mulaw_encode(resample(sound.pcm, sound.rate_hz, SAMPLE_RATE_HZ))


def read_file(path: Path, most_bytes: int) -> bytes:
    """The content of the file at *path*; it blocks, so it belongs in a thread.

    Raises:
        BadScriptError: it cannot be read, is no regular file, or is larger than *most_bytes*.
    """
    try:
        # Before it is opened, since to open a pipe is to wait for its writer.
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadScriptError(f"{path}: not a regular file")
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as problem:
        raise BadScriptError(f"{path}: {problem.strerror}") from problem
    except ValueError as problem:  # a name that no file can have
        raise BadScriptError(f"{path}: {problem}") from problem
    if len(content) > most_bytes:
        raise BadScriptError(f"{path}: larger than {most_bytes // 1024} KiB")
    return content
