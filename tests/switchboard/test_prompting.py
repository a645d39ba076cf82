import pytest
import trio
from trio.testing import MockClock

from voicecalld.call.commands import AnswerPrompt, AnswerReply
from voicecalld.call.events import CallEvent, PromptAbandoned, PromptRequested
from voicecalld.errors import CallBusyError, CallEndedError, NoReplyError
from voicecalld.switchboard.prompting import MAX_PROMPTS, Prompting, Reply, Spoken

PATIENCE_S = 5.0


class Told(list[CallEvent]):
    """What the call was told."""

    @property
    def abandoned(self) -> list[int]:
        return [event.prompt for event in self if isinstance(event, PromptAbandoned)]

    @property
    def requested(self) -> list[int]:
        return [event.prompt for event in self if isinstance(event, PromptRequested)]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def prompting(told: Told) -> Prompting:
    return Prompting(told.append, PATIENCE_S)


async def hear(prompting: Prompting, number: int) -> None:
    """Let message *number* be heard after a while."""
    await trio.sleep(0.5)
    prompting.on_answer(AnswerPrompt(prompt=number, turn=1), "One.")


async def test_whoever_learns_what_became_of_their_words_has_not_abandoned_them(
    prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hear, prompting, 1)
        spoken = await prompting.speak("One.")

    assert spoken == Spoken(heard="One.", interrupted=False)
    assert told == [PromptRequested(prompt=1, text="One.")]


async def test_a_message_that_nobody_waits_for_any_longer_is_abandoned(
    prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    with trio.move_on_after(1):
        await prompting.speak("One.")

    assert told.abandoned == [1]


async def test_a_question_is_abandoned_by_who_goes_before_it_was_heard(
    prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    with trio.move_on_after(1):
        await prompting.ask("One?")

    assert told.abandoned == [1]


async def test_a_question_that_is_not_answered_in_time_is_abandoned(
    prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hear, prompting, 1)
        with pytest.raises(NoReplyError):
            await prompting.ask("One?")

    assert told.abandoned == [1]
    assert trio.current_time() == pytest.approx(0.5 + PATIENCE_S)


async def test_a_question_that_was_answered_is_not_abandoned(
    prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    async def answer() -> None:
        await hear(prompting, 1)
        prompting.on_reply(AnswerReply(prompt=1, text="Yes", digits="4"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        reply = await prompting.ask("One?")

    assert reply == Reply(text="Yes", digits="4")
    assert told.abandoned == []


async def test_an_answer_that_nobody_waits_for_is_dropped(prompting: Prompting) -> None:
    prompting.on_answer(AnswerPrompt(prompt=1, turn=1), "One.")
    prompting.on_reply(AnswerReply(prompt=1, text="Yes", digits=""))

    assert prompting.spoken == {}
    assert prompting.replies == {}


@pytest.mark.parametrize("verb", ["speak", "ask"])
async def test_no_more_messages_wait_than_people_would_leave(
    verb: str, prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(MAX_PROMPTS):
            nursery.start_soon(prompting.speak, "One.")
        await trio.sleep(1)

        with pytest.raises(CallBusyError), trio.fail_after(1):
            await getattr(prompting, verb)("One more.")
        prompting.on_answer(AnswerPrompt(prompt=1, turn=1), "One.")
        await trio.sleep(1)
        nursery.start_soon(prompting.speak, "One more.")
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert len(told.requested) == MAX_PROMPTS + 1


async def test_everybody_learns_of_the_end_of_the_call(
    prompting: Prompting, told: Told, autojump_clock: MockClock
) -> None:
    async def end() -> None:
        await hear(prompting, 1)
        prompting.fail_all(CallEndedError("the call is over"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end)
        with pytest.raises(CallEndedError):
            await prompting.ask("One?")

    assert told.abandoned == []
