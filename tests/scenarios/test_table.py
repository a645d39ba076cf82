from tests.scenarios.table import read_outcome, render_table

CARRIERS = ("twilio", "telnyx")
NODE = "tests/scenarios/test_native.py::test_keys_are_heard"


def test_a_scenario_is_ok_with_a_carrier_only_if_all_its_tests_are() -> None:
    outcomes = [
        read_outcome(f"{NODE}[twilio-a]", is_ok=True, carriers=CARRIERS),
        read_outcome(f"{NODE}[telnyx-a]", is_ok=False, carriers=CARRIERS),
        read_outcome(f"{NODE}[telnyx-b]", is_ok=True, carriers=CARRIERS),
    ]

    lines = list(render_table([each for each in outcomes if each], CARRIERS))

    assert [line.split() for line in lines] == [
        ["without", "media", "streams", "twilio", "telnyx"],
        ["keys", "are", "heard", "ok", "FAILED"],
    ]


def test_a_scenario_that_was_not_played_with_a_carrier_is_neither_ok_nor_failed() -> None:
    outcome = read_outcome(f"{NODE}[telnyx]", is_ok=True, carriers=CARRIERS)

    assert outcome is not None
    assert list(render_table([outcome], CARRIERS))[-1].split()[-2:] == ["-", "ok"]


def test_tests_of_other_folders_and_of_no_carrier_are_not_in_the_table() -> None:
    assert read_outcome(NODE, is_ok=True, carriers=CARRIERS) is None
    other = "tests/security/test_replays.py::test_it[twilio]"
    assert read_outcome(other, is_ok=True, carriers=CARRIERS) is None
