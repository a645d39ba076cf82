import pytest

from voicecalld.call.commands import AnswerPrompt, AnswerReply
from voicecalld.call.events import PromptRequested
from voicecalld.call.prompts import Prompts

SPEAK = PromptRequested(prompt=1, text="one")
ASK = PromptRequested(prompt=2, text="two", expects_reply=True)


@pytest.fixture
def prompts() -> Prompts:
    prompts = Prompts()
    prompts.add(SPEAK)
    prompts.add(ASK)
    return prompts


def test_prompts_are_said_in_the_order_in_which_they_were_asked_for(prompts: Prompts) -> None:
    assert [prompts.begin_next(), prompts.begin_next()] == [SPEAK, ASK]


def test_the_end_of_a_prompt_is_told_once(prompts: Prompts) -> None:
    prompts.begin_next()

    assert prompts.end_current(5) == (AnswerPrompt(prompt=1, turn=5),)
    assert prompts.end_current(5) == ()


def test_nobody_is_told_of_the_end_of_our_own_prompts() -> None:
    prompts = Prompts()
    prompts.add_own("Hello")
    prompts.begin_next()

    assert prompts.end_current(1) == ()


def test_a_reply_is_awaited_only_after_its_prompt_was_heard(prompts: Prompts) -> None:
    prompts.begin_next()
    prompts.end_current(1)
    assert prompts.take_reply("early", "") == ()

    prompts.begin_next()
    prompts.end_current(2, interrupted=True)

    assert prompts.take_reply("yes", "1") == (AnswerReply(prompt=2, text="yes", digits="1"),)
    assert prompts.take_reply("again", "") == ()


def test_no_reply_is_awaited_after_a_prompt_that_could_not_be_said() -> None:
    prompts = Prompts()
    prompts.add(ASK)
    prompts.begin_next()

    answer = prompts.end_current(1, failed=True)

    assert answer == (AnswerPrompt(prompt=2, turn=1, failed=True),)
    assert prompts.awaited is None


def test_an_abandoned_prompt_that_was_not_begun_is_never_said(prompts: Prompts) -> None:
    assert not prompts.abandon(1)

    assert prompts.begin_next() == ASK
    assert not prompts.waiting


def test_an_abandoned_prompt_that_was_begun_is_said_but_awaits_no_reply() -> None:
    prompts = Prompts()
    prompts.add(ASK)
    prompts.begin_next()

    assert not prompts.abandon(2)

    assert prompts.end_current(1) == (AnswerPrompt(prompt=2, turn=1),)
    assert prompts.awaited is None


def test_an_awaited_reply_can_be_abandoned_once(prompts: Prompts) -> None:
    prompts.begin_next()
    prompts.begin_next()
    prompts.end_current(2)

    assert not prompts.abandon(1)
    assert prompts.awaited == 2
    assert prompts.abandon(2)
    assert not prompts.abandon(2)
    assert prompts.take_reply("late", "") == ()
