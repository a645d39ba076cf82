from voicecalld.call.floor import FLOOR_MOVES, Floor


def test_the_table_knows_every_floor() -> None:
    assert set(FLOOR_MOVES) == set(Floor)


def test_from_every_floor_the_caller_can_get_it_and_it_can_become_free() -> None:
    for floor in Floor:
        assert Floor.CALLER in reached_from(floor)
        assert Floor.OPEN in reached_from(floor)


def test_we_never_take_the_floor_from_a_caller_who_speaks() -> None:
    assert FLOOR_MOVES[Floor.CALLER] == {Floor.PAUSED}
    assert not FLOOR_MOVES[Floor.PAUSED] & {Floor.THINKING, Floor.AGENT}


def test_we_are_heard_only_after_it_was_decided_that_we_speak() -> None:
    before = {floor for floor, moves in FLOOR_MOVES.items() if Floor.AGENT in moves}

    assert before == {Floor.THINKING}


def reached_from(floor: Floor) -> set[Floor]:
    reached: set[Floor] = set()
    fresh = set(FLOOR_MOVES[floor])
    while fresh:
        reached |= fresh
        fresh = {following for passed in fresh for following in FLOOR_MOVES[passed]} - reached
    return reached
