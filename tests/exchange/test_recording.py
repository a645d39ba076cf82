"""How a recording meets the disk; what is in it is in test_line.py."""

from pathlib import Path

import trio
import trio.testing

from voicecalld.exchange.recording import Recorder

FRAME = b"\x80" * 160


async def test_a_recording_without_a_frame_is_a_whole_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "call.wav")
    recorder.close()

    await recorder.run()

    assert (tmp_path / "call.wav").stat().st_size == 44


async def test_a_disk_that_hangs_costs_a_minute_of_memory_at_most(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "call.wav")
    for _ in range(70 * 50):
        recorder.feed(FRAME, FRAME)
    recorder.close()

    await recorder.run()

    # A minute and the frame that passed it, of two channels with two bytes a sample.
    assert (tmp_path / "call.wav").stat().st_size == 44 + 4 * (60 * 8000 + 160)


async def test_a_recording_is_written_while_the_call_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recorder = Recorder(path)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(recorder.run)
        for _ in range(50):
            recorder.feed(FRAME, FRAME)
        while not path.exists() or path.stat().st_size < 44 + 4 * 8000:  # noqa: ASYNC110 - a thread's work
            await trio.sleep(0.001)
        recorder.close()

    assert path.stat().st_size == 44 + 4 * 8000
