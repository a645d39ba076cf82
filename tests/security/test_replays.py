"""Genuine webhooks that come again, and those that somebody has rewritten on their way."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.patience import pass_by
from tests.security.carriers import PUBLIC_URL, Carrier, Tampering
from tests.security.message import Message
from tests.security.site import QUERY, Answered, Site, open_site
from tests.security.table import CARRIERS, each_carrier
from voicecalld.switchboard.journal import open_journal

each_message = pytest.mark.parametrize(
    "genuine", [Site.announcement, Site.end], ids=["announcement", "end"]
)
each_tampering = pytest.mark.parametrize(
    ("carrier", "tampering"),
    [
        pytest.param(carrier, tampering, id=f"{name}, {what}")
        for name, carrier in CARRIERS.items()
        for what, tampering in carrier.tamperings.items()
    ],
)


@each_carrier
@each_message
async def test_a_replay_at_once_is_answered_alike_and_leaves_no_trace(
    carrier: Carrier, genuine: Callable[[Site], Message]
) -> None:
    async with open_site(carrier) as site:
        await site.take_call()
        message = genuine(site)
        first = await site.send(message)
        before = site.trace()

        again = [await site.send(message, f"127.0.0.{number}") for number in range(1, 10)]

        assert again == [first] * 9
        assert site.trace() == before


@each_carrier
async def test_replays_at_the_same_moment_are_one_webhook(carrier: Carrier) -> None:
    answers: list[Answered] = []

    async with open_site(carrier) as site:
        message = site.announcement()

        async def send(source: str) -> None:
            answers.append(await site.send(message, source))

        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(send, f"127.0.0.{1 + number % 5}")
        trace = site.trace()

    assert answers == [answers[0]] * 50
    assert answers[0].status == 200
    assert len(trace.calls) == trace.replies == 1
    assert trace.tokens + trace.requests == 1  # the document, or the command to answer


@each_carrier
@each_message
async def test_what_the_carrier_sends_once_more_it_has_said_before(
    carrier: Carrier, genuine: Callable[[Site], Message]
) -> None:
    """Signed anew, at another moment."""
    async with open_site(carrier) as site:
        await site.take_call()
        message = genuine(site)
        first = await site.send(message)
        before = site.trace()
        unix_s = site.tokens.unix_clock() + 7
        headers = carrier.sign(f"{PUBLIC_URL}?{QUERY}", message.body, unix_s=unix_s)

        again = await site.send(message.with_headers(headers))

        assert again == first
        assert site.trace() == before


@each_carrier
@each_message
@pytest.mark.parametrize("later_s", [3600, 23 * 3600, 25 * 3600, 400 * 24 * 3600])
async def test_a_replay_much_later_begins_nothing(
    carrier: Carrier,
    genuine: Callable[[Site], Message],
    later_s: float,
    mock_clock: MockClock,
) -> None:
    async with open_site(carrier) as site:
        await site.take_call()
        message = genuine(site)
        first = await site.send(message)
        await pass_by(mock_clock, later_s)
        assert not site.switchboard.calls
        before = site.trace()

        again = await site.send(message)

        after = site.trace()
    assert (after.calls, after.entries, after.requests, after.tokens) == (
        (before.calls, before.entries, before.requests, before.tokens)
    )
    if carrier.signs_time:
        assert again.status == 401
    elif later_s < 24 * 3600:
        assert again == first
    else:
        assert again.status == 200
        assert carrier.call(1).encode() not in again.body


@each_carrier
async def test_a_replay_after_a_restart_is_answered_alike_and_begins_nothing(
    carrier: Carrier, tmp_path: Path
) -> None:
    async with (
        open_journal(tmp_path / "journal") as journal,
        open_site(carrier, journal) as site,
    ):
        messages = (site.announcement(), site.end())
        first = [await site.send(message) for message in messages]

    async with (
        open_journal(tmp_path / "journal") as journal,
        open_site(carrier, journal) as site,
    ):
        last_seq = journal.last_seq
        again = [await site.send(message) for message in messages]

        assert again == first
        assert journal.last_seq == last_seq
        assert not site.switchboard.calls
        assert not site.link.requests
        assert site.tokens.minted == 0


# --- rewritten ---------------------------------------------------------------------------


@each_carrier
@each_message
async def test_a_rewritten_webhook_is_no_other_than_the_genuine_one(
    carrier: Carrier, genuine: Callable[[Site], Message]
) -> None:
    async with open_site(carrier) as site:
        await site.take_call()
        message = genuine(site)
        first = await site.send(message)
        before = site.trace()
        for name, tampering in carrier.tamperings.items():
            again = await site.send(tampering.change(message))

            assert tampering.change(message) != message, name
            assert site.trace() == before, name
            assert again == first if tampering.passes else again.status == 401, name


@each_tampering
async def test_a_rewritten_webhook_that_comes_first_is_the_only_one_or_none(
    carrier: Carrier, tampering: Tampering
) -> None:
    async with open_site(carrier) as site:
        message = site.announcement()
        before = site.trace()

        rewritten = await site.send(tampering.change(message))
        between = site.trace()
        genuine = await site.send(message)

        if tampering.passes and tampering.makes_sense:
            assert rewritten.status == 200
            assert genuine == rewritten
            assert site.trace() == between
        else:
            assert rewritten.status == (400 if tampering.passes else 401)
            assert between == before
            assert genuine.status == 200
            assert site.trace().calls == ("id-1",)
