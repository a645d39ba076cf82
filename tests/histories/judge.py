"""Compares what came of a history with what had to come of it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.histories.dialect import Dialect, Leg
from tests.histories.facts import Fact, Kind
from tests.histories.history import History
from tests.histories.model import Model, Nature
from tests.histories.site import UNIX_S
from tests.histories.world import Seen
from voicecalld.call.events import EndReason
from voicecalld.call.record import CallRecord, Mode

SLACK_S: Final = 0.05

# Each of two requests is sent twice, with so much patience; an order is taken back as well.
HANGING_UP_S: Final = 2 * 2 * 5.0

# In the details of an end: that the carrier has not said that it has hung up.
DOUBT: Final = "hangup"

# What an end is taken for when a command is refused because the call is over.
REFUSED_COMMANDS: Final = frozenset({EndReason.HANGUP_USER, EndReason.NO_ANSWER, EndReason.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything to judge by."""

    dialect: Dialect
    history: History
    seen: Seen
    model: Model


def judge(dialect: Dialect, history: History, seen: Seen) -> list[str]:
    """What was wrong with what came of *history*; nothing if all was right."""
    nature = Nature(
        is_inbound=history.is_inbound,
        has_streams=history.has_streams or not dialect.has_own_voice,
        is_notice=history.mode is Mode.NOTIFY and not history.is_inbound,
        takes_commands=dialect.takes_commands,
    )
    model = Model(nature=nature).run(seen.facts)
    case = Case(dialect=dialect, history=history, seen=seen, model=model)
    wrong = [*seen.wrong, *(f"an error of ours: {entry['event']}" for entry in seen.errors)]
    return [*wrong, *judge_entries(case), *judge_end(case), *judge_carrier(case)]


def judge_entries(case: Case) -> Iterator[str]:
    """The journal: one call, one beginning, one end, nothing behind it."""
    expected = 0 if case.model.began_s is None else 1
    if len(case.seen.records) != expected:
        yield f"{len(case.seen.records)} calls were written of instead of {expected}"
    events = [entry.event for entry in case.seen.entries]
    for event in ("call.initiated", "call.ended"):
        if events.count(event) != expected:
            yield f"{event} was written {events.count(event)} times"
    if expected and events[-1] != "call.ended":
        yield f"{events[-1]} was written behind the end"


def judge_end(case: Case) -> Iterator[str]:
    """How the call has ended, and when."""
    model = case.model
    for record in case.seen.records.values():
        if record.ended_unix_s is None:
            yield f"the call was left {record.state}"
            continue
        actual = EndReason(record.state.value)
        ended_s = record.ended_unix_s - UNIX_S
        allowed = {model.reason, *list_others(case, ended_s)}
        if actual not in allowed:
            yield f"it ended {actual} at {ended_s:.3f} instead of {model.reason} at {model.over_s}"
        elif ended_s > latest_s(case, actual):
            yield f"it ended only at {ended_s:.3f} instead of {model.over_s:.3f}"
        elif actual is model.reason and not list_others(case, ended_s):
            yield from judge_times(model, record, ended_s)


def judge_times(model: Model, record: CallRecord, ended_s: float) -> Iterator[str]:
    """The times in the *record* of a call whose end nothing else explains."""
    if ended_s < model.over_s - SLACK_S:
        yield f"it ended already at {ended_s:.3f} instead of {model.over_s:.3f}"
    if (record.answered_unix_s is None) != (model.answered_s is None):
        yield f"answered at {record.answered_unix_s} instead of {model.answered_s}"


def list_others(case: Case, ended_s: float) -> set[EndReason]:
    """Ends that may have come before: what we found out by asking, and that all was said."""
    model, others = case.model, set[EndReason]()
    is_gone = find_gone_s(case) < min(ended_s, model.over_s)
    if is_gone and case.dialect.takes_commands:
        others |= REFUSED_COMMANDS
    if model.connected_s is None or model.connected_s > ended_s:
        return others
    if model.nature.is_notice:
        others.add(EndReason.HANGUP_BOT)
    looked = case.dialect.looked(case.history.ending)
    if is_gone and looked is not None:
        others.add(looked)
    return others


def find_gone_s(case: Case) -> float:
    """When the call was over at the carrier."""
    kinds = {Kind.GONE, Kind.HUNG_UP}
    return min((fact.at_s for fact in case.seen.facts if fact.kind in kinds), default=math.inf)


def latest_s(case: Case, actual: EndReason) -> float:
    """When an end by *actual* must have been written."""
    model, history = case.model, case.history
    if actual is model.reason and any(is_told(fact, model) for fact in case.seen.facts):
        return max(model.over_s, model.dialled_s or 0.0) + SLACK_S
    is_slow = bool(history.hang_ups) or history.hang_up_s > 0
    by_s = max(model.over_s, model.dialled_s or 0.0) + SLACK_S
    return by_s + (HANGING_UP_S if is_slow else 0.0)


def is_told(fact: Fact, model: Model) -> bool:
    """Whether *fact* is the carrier's word that ended the call: nothing is to be hung up then."""
    return fact.kind is Kind.NEWS and fact.reason is not None and fact.at_s == model.over_s


# --- the carrier ---------------------------------------------------------------------


def judge_carrier(case: Case) -> Iterator[str]:
    """What is left there, and whether it was right to end what is not."""
    seen, model = case.seen, case.model
    if len(seen.legs) > 1:
        yield f"{len(seen.legs)} calls were placed"
    for leg in (*seen.legs, *seen.strays):
        if leg.is_alive and not is_excused(case, leg):
            yield f"the call {leg.name} lives on at the carrier"
    for fact in seen.facts:
        is_early = fact.kind is Kind.HUNG_UP and fact.at_s < model.over_s - SLACK_S
        if is_early and model.began_s is not None and not list_others(case, fact.at_s + SLACK_S):
            yield f"a living call was hung up at {fact.at_s:.3f}"
    yield from judge_doubt(case)


def is_excused(case: Case, leg: Leg) -> bool:
    """Whether nobody could have ended *leg*: nobody has named it, or the carrier would not."""
    return not leg.is_known or leg.refused_ends > 0


def judge_doubt(case: Case) -> Iterator[str]:
    """Whether the journal knows that it does not know whether the call is over."""
    for entry in case.seen.entries:
        if entry.event != "call.ended":
            continue
        is_in_doubt = DOUBT in entry.details
        is_slow = bool(case.history.hang_ups) or case.history.hang_up_s > 0
        # Then there is neither an order nor a call of its name: it may have another by now.
        is_renamed = case.dialect.has_order_names and find_gone_s(case) < math.inf
        may_be = is_slow or is_renamed or case.model.is_lost
        if is_in_doubt and not may_be:
            yield "nobody knows whether the call was hung up, for no reason"
        if not is_in_doubt and any(leg.is_alive for leg in case.seen.legs):
            yield "a call lives at the carrier, and the journal does not doubt that it is over"
