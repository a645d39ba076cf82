"""Webhooks that are genuine and make no sense: they harm nobody, and are no error of ours.

Time stands still meanwhile: a call that goes on by itself would leave traces as well.
"""

import itertools
from dataclasses import replace
from urllib.parse import urlencode

from trio.testing import MockClock

from tests.security.carriers import PUBLIC_URL, Carrier
from tests.security.malformed import spoil
from tests.security.message import Message
from tests.security.site import Site, Trace, open_site
from tests.security.table import each_carrier

OBEYED, MALFORMED, NOT_COVERED = 200, 400, 401
OUTCOMES = {OBEYED, MALFORMED, NOT_COVERED}  # the signature of a form covers nothing else
ROOM = {"max_concurrent_calls": 10_000}


@each_carrier
async def test_a_spoiled_webhook_is_understood_or_refused_and_harms_no_other_call(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    async with open_site(carrier, limits=ROOM) as site:
        await site.take_call(1)
        numbers = itertools.count(2)
        for body in (carrier.announce, carrier.end):
            for name, _ in spoil(body(carrier.call(1))):
                # What is wrong with it is the same with each call.
                spoiled = dict(spoil(body(carrier.call(next(numbers)))))[name]()
                before = site.trace()

                answered = await site.send(site.sign(spoiled))

                assert answered.status in OUTCOMES, name
                assert "id-1" in site.switchboard.calls, name
                if answered.status != OBEYED:
                    assert site.trace() == before, name


@each_carrier
async def test_a_spoiled_end_ends_its_call_or_is_refused(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    async with open_site(carrier) as site:
        await site.take_call(1)
        for name, make in spoil(carrier.end(carrier.call(1))):
            before = site.trace()

            answered = await site.send(site.sign(make()))

            assert answered.status in OUTCOMES, name
            if answered.status != OBEYED:
                assert site.trace() == before, name
        await site.send(site.end(1))
        assert site.trace().calls == ()


@each_carrier
async def test_news_of_a_kind_that_nobody_has_heard_of_has_no_effect(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    async with open_site(carrier) as site:
        await site.take_call(1)
        before = site.trace()

        answers = [
            await site.send(site.sign(carrier.unknown(carrier.call(number)))) for number in (1, 2)
        ]

        assert [answer.status for answer in answers] == [200, 200]
        assert without_replies(site, before) == before


@each_carrier
async def test_the_query_of_a_webhook_proves_nothing_that_is_not_signed(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    """Of a call that is another's, with our id of the call in the URL."""
    async with open_site(carrier) as site:
        await site.take_call(1)
        query = urlencode({"callId": "id-1", "node": "main"})
        before = site.trace()

        message = replace(site.sign(carrier.end(carrier.call(2))), query=query)
        answered = await site.send(message)

        assert answered.status == (401 if carrier.signs_url else 200)
        assert without_replies(site, before) == before


@each_carrier
async def test_our_id_of_a_call_does_not_make_another_call_that_call(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    """Not even if it is signed: of all that a carrier calls so, one is ours."""
    async with open_site(carrier) as site:
        await site.take_call(1)
        body, query = carrier.end(carrier.call(2)), urlencode({"callId": "id-1", "node": "main"})
        if carrier.echo is not None:
            body = carrier.echo(body, "id-1")
        headers = carrier.sign(f"{PUBLIC_URL}?{query}", body, unix_s=site.tokens.unix_clock())
        before = site.trace()

        message = Message(headers=(), body=body, query=query).with_headers(headers)
        answered = await site.send(message)

        assert answered.status == 200
        assert without_replies(site, before) == before


def without_replies(site: Site, before: Trace) -> Trace:
    """The trace, but for what was remembered of webhooks."""
    return replace(site.trace(), replies=before.replies)
