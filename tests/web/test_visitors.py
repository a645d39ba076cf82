from hypothesis import given
from hypothesis import strategies as st

from voicecalld.web.limits import EdgeLimits
from voicecalld.web.visitors import Visitor, Visitors

SMALL = EdgeLimits(visitors=3, visitors_per_address=2)


def entered(visitors: Visitors, household: str | None) -> Visitor:
    visitor = visitors.enter(household)
    assert visitor is not None
    return visitor


async def test_who_comes_too_many_takes_the_place_of_who_has_been_silent_longest() -> None:
    visitors = Visitors(SMALL)
    first, second, third = (entered(visitors, name) for name in "abc")

    entered(visitors, "d")

    assert [v.scope.cancel_called for v in (first, second, third)] == [True, False, False]
    assert len(visitors.present) == 3


async def test_a_household_with_no_room_left_makes_room_itself() -> None:
    visitors = Visitors(SMALL)
    stranger, first, second = (entered(visitors, name) for name in "abb")

    entered(visitors, "b")

    assert [v.scope.cancel_called for v in (stranger, first, second)] == [False, True, False]
    assert visitors.households == {"a": 1, "b": 2}


async def test_who_was_heard_out_is_sent_away_for_nobody() -> None:
    visitors = Visitors(SMALL)
    speakers = [entered(visitors, name) for name in "abc"]
    for visitor in speakers:
        assert visitor.household is not None
        assert visitors.introduce(visitor, visitor.household)
        visitors.heard(visitor)

    assert visitors.enter("d") is None
    assert not any(visitor.scope.cancel_called for visitor in speakers)


async def test_who_does_not_say_all_he_has_to_say_keeps_nobody_out() -> None:
    visitors = Visitors(SMALL)
    first, *others = (entered(visitors, name) for name in "abc")
    assert visitors.introduce(first, "a")

    entered(visitors, "d")

    assert first.scope.cancel_called
    assert not any(visitor.scope.cancel_called for visitor in others)


async def test_who_has_his_answer_makes_room_for_others() -> None:
    visitors = Visitors(SMALL)
    first, *others = (entered(visitors, name) for name in "abc")
    for visitor in (first, *others):
        visitors.heard(visitor)
    visitors.answered(first)

    entered(visitors, "d")

    assert first.scope.cancel_called
    assert not any(visitor.scope.cancel_called for visitor in others)


def test_a_household_whose_members_were_all_heard_out_gets_no_more_room() -> None:
    visitors = Visitors(SMALL)
    for visitor in [entered(visitors, "a"), entered(visitors, "a")]:
        visitors.introduce(visitor, "a")
        visitors.heard(visitor)

    assert visitors.enter("a") is None
    assert visitors.enter("b") is not None


def test_what_a_proxy_brings_counts_for_its_clients() -> None:
    visitors = Visitors(SMALL)
    first, second, third = (entered(visitors, None) for _ in range(3))

    for visitor in (first, second):
        assert visitors.introduce(visitor, "a")
        visitors.heard(visitor)

    assert not visitors.introduce(third, "a")
    assert visitors.households == {"a": 2}


def test_leaving_twice_frees_one_place() -> None:
    visitors = Visitors(SMALL)
    entered(visitors, "a")
    visitor = entered(visitors, "a")

    visitors.leave(visitor)
    visitors.leave(visitor)

    assert visitors.households == {"a": 1}


@given(st.lists(st.tuples(st.sampled_from("eihal"), st.sampled_from(["a", "b", "c", None]))))
def test_no_history_exceeds_a_limit_or_loses_count(history: list[tuple[str, str | None]]) -> None:
    visitors = Visitors(SMALL)
    known: list[Visitor] = []
    for step, household in history:
        if step == "e" and (visitor := visitors.enter(household)):
            known.append(visitor)
        elif step == "i" and known and known[0] in visitors.present and household:
            visitors.introduce(known[0], household)
        elif step == "h" and known:
            visitors.heard(known[0])
        elif step == "a" and known:
            visitors.answered(known[0])
        elif step == "l" and known:
            visitors.leave(known.pop(0))

        present = [visitor.household for visitor in visitors.present if visitor.household]
        assert len(visitors.present) <= SMALL.visitors
        assert visitors.silent.keys() <= visitors.present
        assert dict(visitors.households) == {name: present.count(name) for name in set(present)}
        assert all(count <= 2 for count in visitors.households.values())
