"""The simulated services as they are started by hand, and the settings that are printed then."""

import re
import runpy
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from copy import copy
from pathlib import Path

import pytest

from tests.agent.chat_rig import BRIEFING, outputs
from tests.services.running import (
    DEFAULT_PORTS,
    DEFAULT_TEXTS,
    SERVICES,
    open_all,
    run_all,
    run_one,
)
from tests.services.unhurried import be_unhurried
from tests.speech.finals import next_final
from voicecalld.agent.base import CallerTurn, EndCall
from voicecalld.agent.catalog import open_agent
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.config_file import parse_config
from voicecalld.config_source import load_settings
from voicecalld.errors import ServiceError
from voicecalld.settings import Settings
from voicecalld.speech.catalog import open_synthesizer, open_transcriber

FILE = Path(__file__).parent.parent.parent / "config" / "simulated-services.toml"
ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")
SWITCHES = ("faults", "refuses", "answers", "answer")
SPEECH = b"\x10" * 4000 + MULAW_SILENCE * 4000


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    be_unhurried(monkeypatch)


@asynccontextmanager
async def started(tmp_path: Path, section: str, provider: str) -> AsyncIterator[Settings]:
    """All services at free ports, and the printed settings with another *provider*."""
    async with open_all(dict.fromkeys(SERVICES, 0), ("good morning",)) as text:
        printed = tmp_path / "voicecalld.toml"
        chosen = re.sub(rf'(\[{section}\]\nprovider = )"\w+"', rf'\1"{provider}"', text)
        printed.write_text(chosen)
        settings, _ = load_settings(printed, {})
        yield settings


@pytest.mark.parametrize("provider", ["elevenlabs", "openai", "deepgram"])
async def test_the_printed_settings_lead_to_a_voice(provider: str, tmp_path: Path) -> None:
    async with (
        started(tmp_path, "tts", provider) as settings,
        open_synthesizer(settings) as synthesizer,
        aclosing(synthesizer.synthesize("Good morning.")) as sound,
    ):
        assert len(b"".join([chunk.audio async for chunk in sound])) >= 400 * len("Good morning.")


@pytest.mark.parametrize("provider", ["deepgram", "openai", "openai-http"])
async def test_the_printed_settings_lead_to_ears(provider: str, tmp_path: Path) -> None:
    async with (
        started(tmp_path, "stt", provider) as settings,
        open_transcriber(settings) as transcriber,
        transcriber.open() as transcription,
    ):
        transcription.begin()
        transcription.feed(SPEECH)
        transcription.commit(1)

        assert (await next_final(transcription.results())).text == "good morning"


@pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name in SERVICES for fault in SERVICES[name].faults]
)
async def test_every_fault_by_hand_is_one_that_its_service_has(name: str, fault: str) -> None:
    well = SERVICES[name]

    async with well.open(0, ("hello",)) as server:
        before = {key: copy(getattr(server, key)) for key in SWITCHES if hasattr(server, key)}
        well.faults[fault](server)
        after = {key: getattr(server, key) for key in before}

    assert after != before


async def test_a_fault_by_hand_is_done() -> None:
    ports = {"openai_chat": 0}
    async with open_all(ports, (), "unavailable") as text:
        settings = parse_config(f"{text}\n[agent]\nprovider = 'openai'\n", "FILE")
        async with open_agent(settings) as agent, agent.open(BRIEFING) as session:
            with pytest.raises(ServiceError):
                await outputs(session, CallerTurn(text="Hello."))


@pytest.mark.parametrize("provider", ["openai", "openclaw"])
async def test_the_printed_settings_lead_to_an_agent_that_ends_the_call(
    provider: str, tmp_path: Path
) -> None:
    async with (
        started(tmp_path, "agent", provider) as settings,
        open_agent(settings) as agent,
        agent.open(BRIEFING) as session,
    ):
        answer = await outputs(session, CallerTurn(text="Goodbye."))

    assert answer[-1] == EndCall()


async def test_the_example_file_is_what_is_printed_at_the_default_ports() -> None:
    names = {str(port): name for name, port in DEFAULT_PORTS.items()}
    example = FILE.read_text(encoding="utf-8")

    async with open_all(dict.fromkeys(SERVICES, 0), DEFAULT_TEXTS) as printed:
        ports = iter(DEFAULT_PORTS.values())
        at_default = ADDRESS.sub(lambda _: f"127.0.0.1:{next(ports)}", printed)

    assert example.endswith(f"\n\n{at_default}\n")
    assert [names[port] for port in ADDRESS.findall(example)] == [*SERVICES]


def test_the_example_file_can_be_used() -> None:
    settings, _ = load_settings(FILE, {})

    assert (settings.tts.provider, settings.stt.provider) == ("elevenlabs", "deepgram")
    assert settings.agent.provider == "openai"


def test_a_port_in_use_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["openai_chat", "--port", port])
        with pytest.raises(SystemExit) as ended:
            run_one("openai_chat", "An agent.")

    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 1
    assert line.startswith("python -m tests.services.openai_chat: cannot listen: ")


def test_there_must_be_a_port_for_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["services", "--first-port", "65530"])
    with pytest.raises(SystemExit) as ended:
        run_all("All.")

    assert ended.value.code == 2
    assert f"there are no {len(SERVICES)} ports behind 65530" in capsys.readouterr().err


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "openclaw_chat"])
def test_each_service_is_a_program_of_its_own(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = name.removesuffix("_http")
    over = ["--http"] if name.endswith("_http") else []
    monkeypatch.setattr(sys, "argv", [module, *over, "--help"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(__file__).parent / f"{module}.py"), run_name="__main__")

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"usage: python -m tests.services.{module} " in told
    assert ("--hears TEXT" in told) is SERVICES[name].listens
    assert ("--http " in told) is (module == "elevenlabs")
    assert ",".join(SERVICES[name].faults) in "".join(told.split())
    assert f"({DEFAULT_PORTS[name]}; 0: any)" in told
