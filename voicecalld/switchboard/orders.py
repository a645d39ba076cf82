"""What a carrier is told of a call that it is to place."""

from voicecalld.call.record import CallRecord, Mode
from voicecalld.ids import PhoneNumber
from voicecalld.provider.base import Perform, PlaceOrder
from voicecalld.switchboard.native_asking import OPENING_TOKEN
from voicecalld.switchboard.native_steps import spoken_text
from voicecalld.switchboard.services import CarrierAccess, Services


def build_order(
    services: Services, carrier: CarrierAccess, record: CallRecord, message: str
) -> PlaceOrder:
    """The order by which *carrier* is to place the call of *record*, to say *message* on it."""
    settings = services.settings
    return PlaceOrder(
        call_id=record.call_id,
        to=PhoneNumber(record.to_number),
        from_=PhoneNumber(record.from_number),
        webhook_url=carrier.links.for_call(record.call_id),
        ring_timeout_s=settings.ring_timeout_ms / 1000,
        max_duration_s=settings.max_duration_seconds,
        opening=build_opening(services, carrier, record, message),
        detects_machine=settings.outbound.voicemail == "hang-up",
    )


def build_opening(
    services: Services, carrier: CarrierAccess, record: CallRecord, message: str
) -> Perform | None:
    """A notification that the carrier speaks itself needs nobody to be asked at the answer."""
    if services.uses_streams(carrier.provider) or record.mode is not Mode.NOTIFY:
        return None
    next_url = carrier.links.for_turn(record.call_id, OPENING_TOKEN)
    return Perform(say=spoken_text(message), next_url=next_url, next_turn=OPENING_TOKEN)
