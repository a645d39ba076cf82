"""Histories that hypothesis makes up."""

from hypothesis import strategies as st

from tests.histories.dialect import Dialect
from tests.histories.history import (
    DONE,
    REFUSALS,
    CloseStream,
    Deed,
    Fate,
    Fault,
    Forge,
    HangUp,
    History,
    News,
    OpenStream,
    Replay,
    Step,
    Stray,
    Tell,
    Vanish,
)
from voicecalld.call.record import Mode

GAPS_S = (0.0, 0.05, 0.4, 1.1, 1.9, 3.2, 6.5)
MOST_STEPS = 14

# A carrier that has no such call says 404, or a code of its own: nobody says so of one that lives.
DIAL_FATES = tuple(Fate)
HANG_UP_FATES = tuple(fate for fate in Fate if fate is not Fate.CUT_JSON)


def faults(fates: tuple[Fate, ...]) -> st.SearchStrategy[Fault]:
    """One fault; whether the carrier obeys is open where the fate does not say."""
    return st.builds(decide, st.sampled_from(fates), st.booleans())


def decide(fate: Fate, is_obeyed: bool) -> Fault:
    return Fault(fate, fate in DONE or (is_obeyed and fate not in REFUSALS))


def in_order(dialect: Dialect, *, is_inbound: bool) -> list[Deed]:
    """The deeds of a call that nothing goes wrong with."""
    deeds: list[Deed] = []
    for news in dialect.inbound if is_inbound else dialect.outbound:
        deeds.append(Tell(news))
        if news in {News.ANNOUNCED, News.ANSWERED, News.ASKED}:
            deeds.append(OpenStream())
    return deeds


def likelihood(deed: Deed) -> int:
    """How often it is done that should be, in eight calls."""
    match deed:
        case Tell(news=News.MACHINE | News.RENEWED):
            return 1
        case Tell(news=News.ANNOUNCED):
            return 8
        case _:
            return 6


@st.composite
def endings(draw: st.DrawFn, dialect: Dialect) -> str:
    """A word for the end, each meaning of them as often as the others."""
    meanings = sorted(set(dialect.endings.values()))
    meant = draw(st.sampled_from(meanings))
    return draw(st.sampled_from([word for word, it in dialect.endings.items() if it is meant]))


def troubles(news: st.SearchStrategy[News]) -> st.SearchStrategy[Deed]:
    """What a call should not meet."""
    return st.one_of(
        st.builds(Tell, news, st.integers(2, 3)),
        st.builds(Replay, st.integers(0, 9)),
        st.builds(Forge, news),
        st.builds(Stray, news),
        st.builds(OpenStream, st.booleans()),
        st.just(CloseStream()),
        st.just(Vanish()),
        st.just(HangUp()),
    )


@st.composite
def deeds(draw: st.DrawFn, dialect: Dialect, *, is_inbound: bool) -> list[Deed]:
    """What is done: some of what should be, in that order or in none, among troubles."""
    natural = in_order(dialect, is_inbound=is_inbound)
    chosen = [deed for deed in natural if draw(st.integers(1, 8)) <= likelihood(deed)]
    if draw(st.booleans()):
        chosen = draw(st.permutations(chosen))
    news = st.sampled_from(dialect.inbound if is_inbound else dialect.outbound)
    for deed in draw(st.lists(st.one_of(st.builds(Tell, news), troubles(news)), max_size=5)):
        chosen.insert(draw(st.integers(0, len(chosen))), deed)
    return chosen[:MOST_STEPS]


@st.composite
def histories(draw: st.DrawFn, dialect: Dialect) -> History:
    """A whole history of one call at *dialect*'s carrier."""
    is_inbound = draw(st.booleans())
    gaps = st.sampled_from(GAPS_S)
    steps = [Step(draw(gaps), deed) for deed in draw(deeds(dialect, is_inbound=is_inbound))]
    hang_ups = draw(st.lists(faults(HANG_UP_FATES), max_size=3))
    return History(
        is_inbound=is_inbound,
        has_streams=not dialect.has_own_voice or draw(st.booleans()),
        mode=draw(st.sampled_from(Mode)),
        ending=draw(endings(dialect)),
        steps=tuple(steps),
        dial=() if is_inbound else tuple(draw(st.lists(faults(DIAL_FATES), max_size=2))),
        dial_s=draw(st.sampled_from((0.0, 0.3, 4.0, 14.2))),
        hang_ups=tuple(hang_ups),
        hang_up_s=draw(st.sampled_from((0.0, 0.0, 0.7, 4.6))),
        never_hangs_up=draw(st.integers(0, 3)) == 0,
        is_named_alike=draw(st.booleans()),
    )
