"""One daemon with an account at every carrier: each of them places calls and brings them."""

from collections.abc import Mapping

from tests.carriers.callee import build_callee
from tests.scenarios.carriers import CARRIERS, OURS, THEIRS, Carrier, each_carrier
from tests.scenarios.play import LISTENS, Held, Over, Play, Played, Programme, Scene, inbound
from tests.scenarios.stage import PUBLIC_URL

DEFAULT, *OTHERS = CARRIERS
NUMBERS = {OTHERS[0]: "+13105550143"}  # the rest place calls from the number of the whole daemon
CALLER = build_callee({"say": "goodbye", "after_ms": 1000}, hang_up_when_done=False)


async def call_by_name(scene: Scene) -> Over:
    """Call somebody with this carrier."""
    return await scene.hold(await scene.call("Hello.", mode="notify"))


async def call_by_default(scene: Scene) -> Over:
    """Call somebody, with no carrier in particular."""
    scene.carrier.callees[scene.number] = LISTENS
    return await scene.hold(await scene.stage.place("Hello.", "notify", scene.number))


def list_plays(row: Carrier) -> Mapping[str, Play]:
    """Everybody calls and is called."""
    plays = {"named": call_by_name, "caller": inbound(THEIRS, CALLER)}
    return plays | ({"default": call_by_default} if row.name == DEFAULT else {})


PROGRAMME = Programme(
    share_daemon=True,
    plays=list_plays,
    more='inbound_policy = "open"\n'
    + "\n".join(f'{name}.from_number = "{number}"' for name, number in NUMBERS.items()),
)


def check_entrance(row: Carrier, held: Held) -> None:
    """The carrier has come in where it was told to."""
    entrance = PUBLIC_URL if row.name == DEFAULT else f"{PUBLIC_URL}/{row.name}"
    urls = {hook.url.partition("?")[0].partition("#")[0] for hook in held.webhooks}
    assert urls == {entrance}


@each_carrier
def test_a_call_is_placed_with_the_carrier_that_is_asked_for(
    carrier: Carrier, held: Played
) -> None:
    placed = held["named"]

    assert placed.call["provider"] == carrier.name
    assert placed.call["endReason"] == "hangup-bot"
    assert placed.words == [("bot", "Hello.")]
    assert placed.entry.from_ == placed.call["from"] == NUMBERS.get(carrier.name, OURS)
    check_entrance(carrier, placed)


def test_a_call_that_names_no_carrier_is_placed_with_the_default(
    played: Mapping[str, Played],
) -> None:
    placed = played[DEFAULT]["default"]

    assert placed.call["provider"] == DEFAULT
    assert placed.words == [("bot", "Hello.")]


@each_carrier
def test_a_call_is_answered_whichever_carrier_brings_it(carrier: Carrier, held: Played) -> None:
    answered = held["caller"]

    assert (answered.call["provider"], answered.call["direction"]) == (carrier.name, "inbound")
    assert answered.words == [
        ("bot", "Hello! How can I help?"),
        ("user", "goodbye"),
        ("bot", "Thank you for calling us. Goodbye!"),
    ]
    check_entrance(carrier, answered)


@each_carrier
def test_the_carrier_has_nothing_to_complain_of(held: Played) -> None:
    held.check()
