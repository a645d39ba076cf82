import pytest
from pydantic import ValidationError

from voicecalld.phone_settings import PhoneSettings, Step


def test_a_telephone_answers_and_listens_unless_it_is_told_otherwise() -> None:
    phone = PhoneSettings()

    assert phone.behaviour == "answers"
    assert phone.steps == ()
    assert phone.answers_after_ms is None


def test_a_step_follows_the_agents_words_unless_it_is_told_otherwise() -> None:
    step = Step(say="yes")

    assert (step.when, step.after_ms) == ("agent-stops", 300)


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"say": "a", "press": "1"},
        {"wav": "a.wav", "hang_up": True},
        {"hang_up": False},
        {"say": ""},
        {"press": "x"},
        {"press": 5},
        {"say": "a", "when": "never"},
        {"say": "a", "after_ms": -1},
        {"say": "a", "after_ms": True},
        {"say": "a", "loudly": True},
    ],
)
def test_a_step_that_makes_no_sense_is_refused(step: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PhoneSettings.model_validate({"steps": [step]})


def test_nothing_can_follow_a_hang_up() -> None:
    with pytest.raises(ValidationError, match="step 1 hangs up, so it must be the last"):
        PhoneSettings(steps=(Step(hang_up=True), Step(say="too late")))


def test_steps_come_from_one_place() -> None:
    with pytest.raises(ValidationError, match="either script or steps"):
        PhoneSettings(script="a.toml", steps=(Step(say="hi"),))


def test_steps_can_be_given_as_toml_gives_them() -> None:
    phone = PhoneSettings.model_validate({"steps": [{"press": "12#", "when": "answered"}]})

    assert phone.steps == (Step(press="12#", when="answered"),)


def test_all_files_of_a_telephone_are_taken_from_one_folder() -> None:
    phone = PhoneSettings(steps=(Step(wav="in.wav"), Step(say="hi")), record="out.wav")

    changed = phone.with_paths("/etc/{}".format)

    assert [step.wav for step in changed.steps] == ["/etc/in.wav", None]
    assert changed.record == "/etc/out.wav"
    assert PhoneSettings(script="a.toml").with_paths("/etc/{}".format).script == "/etc/a.toml"


def test_what_was_not_given_is_not_given_afterwards() -> None:
    # What is given wins over a script file, see `voicecalld.exchange.planning.override`.
    phone = PhoneSettings(script="a.toml").with_paths("/etc/{}".format)

    assert phone.model_fields_set == {"script"}
