"""Changing a living call: over a link and to a carrier that do as the test says."""

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.able_carrier import DONE, DOWN, FAILED, AbleProvider, leg_over
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.provider.base import CommandApi
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.mock import MockProvider
from voicecalld.provider.telnyx.commands import TelnyxCommands
from voicecalld.provider.telnyx.rest import Account
from voicecalld.provider.voice import Voice
from voicecalld.switchboard.carrier_leg import LegOverError

TOO_EARLY = HttpResponse(status=409)


# --- changing ------------------------------------------------------------------------


async def test_keys_are_pressed_by_a_carrier_that_can() -> None:
    link = ScriptedLink(DONE)

    assert await leg_over(link).press("12#")
    assert b"12#" in link.requests[0].body


async def test_keys_are_left_to_us_by_a_carrier_that_cannot() -> None:
    link = ScriptedLink(DONE)

    assert not await leg_over(link, AbleProvider).press("12#")
    assert link.requests == []


async def test_a_call_is_redirected_by_a_carrier_that_can() -> None:
    link = ScriptedLink(DONE)

    assert await leg_over(link, AbleProvider).redirect("https://us.example/turn")
    assert link.requests[0].body == b"https://us.example/turn"


async def test_a_call_stays_where_it_is_with_a_carrier_that_cannot_redirect_it() -> None:
    link = ScriptedLink(DONE)

    assert not await leg_over(link).redirect("https://us.example/turn")
    assert link.requests == []


async def test_what_came_too_early_is_asked_again_for_two_seconds(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(TOO_EARLY, TOO_EARLY, TOO_EARLY, DONE)
    began_s = trio.current_time()

    assert await leg_over(link, AbleProvider).redirect("https://us.example/turn")
    assert [at_s - began_s for at_s in link.asked_s] == pytest.approx([0, 0.25, 1.0, 2.0])


async def test_what_stays_too_early_is_refused(autojump_clock: MockClock) -> None:
    link = ScriptedLink(TOO_EARLY)

    with pytest.raises(CarrierError, match="answered the keys with status 409"):
        await leg_over(link).press("1")
    assert len(link.requests) == 4


async def test_a_refusal_for_another_reason_is_not_asked_again() -> None:
    link = ScriptedLink(FAILED)

    with pytest.raises(CarrierError, match="redirection with status 400, 'no such thing'"):
        await leg_over(link, AbleProvider).redirect("https://us.example/turn")
    assert len(link.requests) == 1


async def test_a_carrier_that_fails_to_change_a_call_is_quoted_and_leaves_it_open() -> None:
    with pytest.raises(OutcomeUnknownError, match="the keys with status 503, 'in maintenance'"):
        await leg_over(ScriptedLink(DOWN)).press("1")


async def test_a_carrier_that_fails_to_tell_of_a_call_is_quoted() -> None:
    leg = leg_over(ScriptedLink(DOWN), AbleProvider)

    with capture_logs() as logs:
        end = await leg.fetch_end()

    assert end is None
    assert [entry["reason"] for entry in logs] == ["status 503, 'in maintenance'"]


async def test_a_call_without_a_name_can_be_neither_pressed_nor_redirected() -> None:
    link = ScriptedLink(DONE)
    leg = leg_over(link, AbleProvider)
    leg.call = None

    with pytest.raises(CarrierError, match="not named"):
        await leg.press("1")
    with pytest.raises(CarrierError, match="not named"):
        await leg.redirect("https://us.example/turn")
    assert link.requests == []


# --- commands ------------------------------------------------------------------------


class ObeyingProvider(MockProvider):
    """A carrier that takes commands."""

    @property
    def commands(self) -> CommandApi:  # type: ignore[override]  # as `Provider` allows
        account = Account(api_key="key", connection_id="1", base_url="https://carrier.test")
        return TelnyxCommands(account, Voice(language="en-US", name=""))


OVER = HttpResponse(status=422, body=b'{"errors": [{"code": "90018"}]}')


async def test_a_command_that_only_comes_too_late_is_told_from_one_that_is_refused() -> None:
    request = HttpRequest(method="POST", url="mock://command")

    with pytest.raises(LegOverError):
        await leg_over(ScriptedLink(OVER), ObeyingProvider).change(request, "the words")
    with pytest.raises(CarrierError, match="the words with status 400") as caught:
        await leg_over(ScriptedLink(FAILED), ObeyingProvider).change(request, "the words")

    assert not isinstance(caught.value, LegOverError)
