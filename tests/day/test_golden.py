"""The golden transcripts as a whole, and the command that renews them."""

import pytest

from tests.day.golden import FOLDER, compare, golden_path
from tests.day.play import play
from tests.day.program import main
from tests.day.sites import CARRIERS
from tests.day.table import CONVERSATIONS
from voicecalld.provider.catalog import PROVIDERS


def test_no_carrier_is_left_out() -> None:
    assert set(CARRIERS) == set(PROVIDERS)


def test_every_conversation_has_a_golden_transcript_and_there_are_no_others() -> None:
    wanted = {
        golden_path(carrier, conversation)
        for conversation in CONVERSATIONS.values()
        for carrier in CARRIERS
    }

    assert set(FOLDER.iterdir()) == wanted


def test_whoever_has_a_golden_transcript_of_their_own_is_a_carrier_and_says_why() -> None:
    for conversation in CONVERSATIONS.values():
        assert set(conversation.differs) < set(CARRIERS)
        assert all(conversation.differs.values())


def test_a_transcript_that_comes_out_otherwise_is_shown_line_by_line() -> None:
    outcome = play("mock", CONVERSATIONS["cough"])
    outcome.written.pop()

    change = compare("mock", outcome)

    assert "-over: hangup-user" in change.splitlines()


def test_the_command_says_nothing_of_a_conversation_that_is_as_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["--carrier", "mock", "cough"])

    assert (status, capsys.readouterr().out) == (0, "")


def test_the_command_prints_a_transcript_with_its_times(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(["--carrier", "mock", "--times", "hangs-up-in-the-opening"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 0
    assert lines[0].startswith("[mock] hangs-up-in-the-opening: ")
    assert "  1.72  over: hangup-user" in lines


def test_the_command_refuses_a_conversation_that_does_not_exist(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["no-such-call"])

    assert refused.value.code == 2
    assert "no-such-call" in capsys.readouterr().err
