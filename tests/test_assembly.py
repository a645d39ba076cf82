"""That what the file chooses is what calls are held with, and that looking at it asks nobody."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
import trio

from tests.fakes.speech_fakes import FakeSynthesizer
from tests.services import elevenlabs
from tests.services.deepgram_listen import open_deepgram
from tests.services.openai_chat import running, words
from voicecalld.assembly import check_settings, open_daemon, open_party_voice
from voicecalld.call.record import CallState, Mode
from voicecalld.config_file import parse_config
from voicecalld.errors import ConfigError
from voicecalld.ids import PhoneNumber
from voicecalld.settings import Settings
from voicecalld.speech import embedded_synthesizer
from voicecalld.speech.embedded_synthesizer import EmbeddedSynthesizer
from voicecalld.surroundings import Surroundings

CALLEE = PhoneNumber("+15550100")

PHONE = """
turn.endpoint_silence_ms = 300
[mock]
answers_after_ms = 0
[mock.phones."+15550100"]
steps = [{say = "good morning", when = "agent-stops"}, {hang_up = true, when = "agent-stops"}]
"""


async def test_a_call_is_held_with_the_services_that_the_file_chooses(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        voice = await stack.enter_async_context(elevenlabs.open_elevenlabs_socket())
        ears = await stack.enter_async_context(open_deepgram("how late is it"))
        mind = await stack.enter_async_context(running(words("It is noon.")))
        settings = parse_config(
            f"""{PHONE}
            [tts]
            provider = "elevenlabs"
            [tts.elevenlabs]
            api_key = "{elevenlabs.API_KEY}"
            voice_id = "{elevenlabs.VOICE_ID}"
            base_url = "{voice.url}"
            [stt]
            provider = "deepgram"
            [stt.deepgram]
            base_url = "{ears.base_url}"
            [agent]
            provider = "openai"
            [agent.openai]
            base_url = "{mind.base_url}"
            model = "llama"
            """,
            "FILE",
        )
        around = Surroundings(state=tmp_path, socket_path=str(tmp_path / "socket"), pid=1)
        daemon = await stack.enter_async_context(open_daemon(settings, around))
        nursery = await stack.enter_async_context(trio.open_nursery())
        await nursery.start(daemon.run)

        with trio.fail_after(60):
            call_id = await daemon.switchboard.place(
                to=CALLEE, message="Hello.", mode=Mode.CONVERSATION, idempotency_key=None
            )
            await daemon.switchboard.wait_idle()
        record = await daemon.switchboard.services.journal.call(call_id)
        nursery.cancel_scope.cancel()

    assert record is not None
    assert record.state == CallState.HANGUP_USER
    assert "It is noon." in [text.strip() for text in voice.texts]
    assert ears.diary.sound
    assert mind.asked[0].messages[-1]["content"] == "how late is it"


# --- the other side of the mock carrier ------------------------------------------------


async def test_whoever_is_called_speaks_with_the_voice_of_this_machine() -> None:
    settings = parse_config("tts = {provider = 'openai', openai = {api_key = 'k'}}", "FILE")

    async with open_party_voice(settings, FakeSynthesizer()) as voice:
        assert isinstance(voice, EmbeddedSynthesizer)


async def test_where_that_is_ours_there_is_no_second_one() -> None:
    ours = FakeSynthesizer()

    async with open_party_voice(Settings(), ours) as voice:
        assert voice is ours


async def test_where_this_machine_has_no_voice_whoever_is_called_has_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find_nothing(_package: str, *, setting: str) -> Path:
        raise ConfigError(f"{setting} is not installed")

    monkeypatch.setattr(embedded_synthesizer, "find_extra", find_nothing)
    settings = parse_config("tts = {provider = 'openai', openai = {api_key = 'k'}}", "FILE")
    ours = FakeSynthesizer()

    async with open_party_voice(settings, ours) as voice:
        assert voice is ours


# --- looking at the settings -----------------------------------------------------------


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    """A server that nobody is to connect to, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server, f"127.0.0.1:{server.getsockname()[1]}"


EVERYTHING = """
[tts]
provider = "{tts}"
[tts.elevenlabs]
api_key = "k"
voice_id = "v"
base_url = "http://{address}"
[tts.openai]
base_url = "http://{address}/v1"
[tts.deepgram]
base_url = "http://{address}"
[stt]
provider = "{stt}"
[stt.deepgram]
base_url = "ws://{address}"
[stt.openai]
url = "ws://{address}/v1/realtime"
[stt.openai-http]
base_url = "http://{address}/v1"
[agent]
provider = "{agent}"
[agent.openai]
model = "m"
base_url = "http://{address}/v1"
[agent.openclaw]
base_url = "http://{address}/v1"
[agent.command]
argv = ["{program}"]
"""


@pytest.mark.parametrize(
    ("tts", "stt", "agent"),
    [
        ("elevenlabs", "deepgram", "openai"),
        ("openai", "openai", "openclaw"),
        ("deepgram", "openai-http", "command"),
    ],
)
async def test_to_look_at_the_settings_of_services_asks_none_of_them(
    tts: str, stt: str, agent: str
) -> None:
    with listening() as (server, address):
        text = EVERYTHING.format(
            tts=tts, stt=stt, agent=agent, address=address, program=sys.executable
        )

        await check_settings(parse_config(text, "FILE"), "FILE")

        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_program_that_is_not_there_is_found_when_the_settings_are_checked(
    tmp_path: Path,
) -> None:
    file = tmp_path / "voicecalld.toml"
    file.write_text("[agent]\nprovider = 'command'\n[agent.command]\nargv = ['./agent.py']\n")

    checked = subprocess.run(
        [sys.executable, "-m", "voicecalld", "--check-config", "--config", file],
        capture_output=True,
        text=True,
        check=False,
    )

    program = tmp_path / "agent.py"
    assert checked.returncode == 78
    assert checked.stderr == (
        f"{file}: agent.command.argv: there is no program {str(program)!r}\n"
    )
