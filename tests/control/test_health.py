"""`daemon.health`: what the daemon says of its parts."""

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.control_parties import NOON_UNIX_S, Office
from tests.fakes.line_client import connected
from voicecalld.control.parties import Health
from voicecalld.control.server import ControlServer
from voicecalld.net.service_guard import ServiceHealth, ServiceState


async def ask(office: Office, method: str, **params: object) -> Any:
    office.calls.reply.set()
    async with office.open(), connected(office.path) as client:
        return await client.ask(method, **params)


def service_of(state: ServiceState, reason: str = "") -> ServiceHealth:
    return ServiceHealth(
        provider="openai",
        state=state,
        since_unix_s=NOON_UNIX_S,
        reason=reason,
        successes=3,
        failures=1,
    )


async def test_a_daemon_of_which_all_parts_work_is_well(office: Office) -> None:
    office.health = Health(services={"agent": service_of(ServiceState.OK)}, refused={"mock": 2})

    result = await ask(office, "daemon.health")

    assert result["status"] == "ok"
    assert result["services"]["agent"] == {
        "provider": "openai",
        "state": "ok",
        "since": "2027-01-15T08:00:00.000Z",
        "successes": 3,
        "failures": 1,
    }
    assert result["carriers"] == {"mock": {"refusedWebhooks": 2}}
    assert result["journal"] == {"status": "ok"}


@pytest.mark.parametrize("state", [ServiceState.FAILING, ServiceState.NOT_STARTED])
async def test_a_service_that_does_not_work_is_told_with_the_reason(
    office: Office, state: ServiceState
) -> None:
    office.health = Health(services={"agent": service_of(state, "broken")})

    result = await ask(office, "daemon.health")

    assert result["status"] == "degraded"
    assert result["services"]["agent"]["state"] == state.value
    assert result["services"]["agent"]["reason"] == "broken"


async def test_a_journal_that_cannot_be_written_is_told_with_the_reason(office: Office) -> None:
    office.health = Health(journal_failure="disk full")

    result = await ask(office, "daemon.health")

    assert result["status"] == "degraded"
    assert result["journal"] == {"status": "failing", "reason": "disk full"}


async def test_a_carrier_that_comes_from_outside_has_its_webhook_told(office: Office) -> None:
    office.health = Health(refused={"twilio": 0})
    identity = replace(office.service.identity, webhooks={"twilio": "https://here.example/w"})
    office.server = ControlServer(replace(office.service, identity=identity))

    result = await ask(office, "daemon.health")

    assert result["carriers"] == {
        "twilio": {"refusedWebhooks": 0, "webhook": "https://here.example/w"}
    }
