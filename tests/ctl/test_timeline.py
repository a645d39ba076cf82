"""What is read of voicecall.timeline, and what `voicecallctl timeline` does with it."""

import json
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import trio

from tests.ctl.running import run_ctl
from tests.ctl.timelines import CALL, SHORT, at, empty, said, timeline
from tests.fakes.control_parties import FINISHED, Office
from voicecalld.call.record import CallRecord
from voicecalld.ctl.timeline import SHARES, show_time
from voicecalld.errors import RefusedError
from voicecalld.rpc.json_line import Json

ID = ("--call-id", "mock-0")


def test_times_count_from_the_answer_to_the_call() -> None:
    drawn = timeline()

    assert [(speech.begin_s, speech.end_s) for speech in drawn.speeches] == [
        (0.0, 2.0), (pytest.approx(1.8), 4.0), (5.0, 7.0),
    ]  # fmt: skip
    assert drawn.cuts_s == (2.0,)
    assert [(keys.digits, keys.at_s, keys.is_ours) for keys in drawn.keys] == [
        ("5", 9.0, False), ("12", 10.0, True),
    ]  # fmt: skip
    assert drawn.lasts_s == 12.0
    assert drawn.title == "call-0, mock, inbound, hangup-user"


def test_an_answers_time_is_divided_among_what_it_was_spent_on() -> None:
    (answer,) = timeline().answers

    assert [(share.name, share.lasts_ms) for share in answer.shares] == [
        ("endpoint", 500), ("transcript", 100), ("agent", 200), ("voice", 100), ("line", 100),
    ]  # fmt: skip
    assert sum(share.lasts_ms for share in answer.shares) == answer.waited_ms == 1000


def turns(**stages: Json) -> Json:
    return [{"turn": 2, "at": at(7), "speechEndedAt": at(4), **stages}]


def test_a_stage_that_was_not_measured_belongs_to_the_next_one() -> None:
    (answer,) = timeline(turns=turns(endpointMs=500, firstTextMs=900)).answers

    assert [(share.name, share.lasts_ms) for share in answer.shares] == [
        ("endpoint", 500), ("agent", 400),
    ]  # fmt: skip
    assert answer.waited_ms is None


def test_a_stage_that_came_before_the_one_ahead_of_it_took_no_time() -> None:
    (answer,) = timeline(turns=turns(endpointMs=500, transcriptMs=300, firstFrameMs=600)).answers

    assert [share.lasts_ms for share in answer.shares] == [500, 0, 100]
    assert answer.waited_ms == 600


def test_an_answer_without_a_single_stage_was_not_waited_for() -> None:
    (answer,) = timeline(turns=turns()).answers

    assert answer.end_s == answer.begin_s == 4.0
    assert answer.waited_ms is None


def test_an_answer_to_a_speech_whose_end_nobody_knows_is_not_drawn() -> None:
    assert timeline(turns=[{"turn": 2, "at": at(7)}]).answers == ()


def test_a_speech_whose_end_is_unknown_or_before_its_beginning_has_no_length() -> None:
    unknown: Json = {"speaker": "user", "text": "Hi", "at": at(3)}

    drawn = timeline(utterances=[unknown, said("user", "Hi", 5, 4)])

    assert [(speech.begin_s, speech.end_s) for speech in drawn.speeches] == [(3, 3), (5, 5)]


def test_what_came_before_the_answer_is_drawn_too() -> None:
    drawn = timeline(call=CALL | {"answeredAt": at(6)})

    assert drawn.speeches[0].begin_s == 0.0


def test_a_call_that_lives_is_drawn_up_to_what_was_noted_last() -> None:
    living = {name: value for name, value in CALL.items() if name != "endedAt"}

    assert timeline(call=living).lasts_s == 10.0
    assert timeline(call=living, keys=[], utterances=[], turns=[]).lasts_s == 2.0


def test_a_call_in_which_the_clock_was_set_is_refused_instead_of_drawn_for_years() -> None:
    with pytest.raises(RefusedError, match="the clock was set"):
        timeline(call=CALL | {"answeredAt": "1970-01-01T00:00:07Z"})

    assert timeline(call=CALL | {"endedAt": "2027-01-16T12:00:00Z"}).lasts_s == 86_400.0


def test_something_without_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="isoformat"):
        timeline(utterances=[{"speaker": "user", "text": "Hi"}])


def test_a_call_on_which_nothing_happened_lasts_as_long_as_it_did() -> None:
    assert empty().lasts_s == 12.0


@pytest.mark.parametrize(("at_s", "shown"), [(65.26, "1:05.3"), (59.97, "1:00.0"), (-1, "0:00.0")])
def test_times_are_minutes_and_seconds(at_s: float, shown: str) -> None:
    assert show_time(at_s, tenths=True) == shown


def test_every_share_has_a_letter_of_its_own() -> None:
    assert len({name[0] for name in SHARES.values()}) == len(SHARES)


async def test_a_call_is_drawn_in_the_terminal(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = await run_ctl(office, capsys, "timeline", *ID)

    assert ended.status == 0
    assert ended.out.startswith(
        "call-0, mock, outbound, hangup-user; 1:05, a character is 0.2 s\n"
    )
    assert "Hello! How can I  (interrupted)" in ended.out


async def test_a_drawing_goes_into_a_file_that_only_its_owner_reads(
    office: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "call.svg"
    path.with_name("old.svg").write_text("x" * 100_000)

    for name in ("call.svg", "old.svg"):
        ended = await run_ctl(office, capsys, "timeline", *ID, "--output", str(tmp_path / name))
        assert (ended.status, ended.out) == (0, f"wrote {tmp_path / name}\n")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == path.with_name("old.svg").read_text()
    root = ET.fromstring(path.read_text())  # noqa: S314 - our own text
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


async def test_a_file_is_written_beside_a_document_for_a_program(
    office: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "call.svg"

    ended = await run_ctl(office, capsys, "--json", "timeline", *ID, "--output", str(path))

    assert json.loads(ended.out)["call"]["callId"] == "call-0"
    assert path.exists()


async def test_a_file_that_cannot_be_written_is_named_with_the_reason(
    office: Office, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "missing" / "call.svg"

    ended = await run_ctl(office, capsys, "timeline", *ID, "--output", str(path))

    assert ended.status == 1
    assert ended.err == f"voicecallctl: cannot write {path}: No such file or directory\n"


@pytest.mark.parametrize("options", [(), ("--output", "unwritten.svg")])
async def test_an_answer_without_times_is_refused(
    office: Office,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("voicecalld.control.handlers.render_call", nameless)

    ended = await run_ctl(office, capsys, "timeline", *ID, *options)

    assert ended.status == 1
    assert "cannot be drawn: is it another version?" in ended.err
    assert not await trio.Path(tmp_path, "unwritten.svg").exists()


def nameless(record: CallRecord) -> dict[str, Json]:
    assert record == FINISHED
    return {"callId": record.call_id}


def test_the_short_call_has_the_members_of_the_wire() -> None:
    assert SHORT.keys() == {"call", "utterances", "interruptions", "keys", "turns"}


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number: soon"):
        timeline(turns=turns(endpointMs="soon"))
