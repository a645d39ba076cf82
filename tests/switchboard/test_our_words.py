from voicecalld.switchboard.our_words import OurWords


def test_all_that_was_heard_before_the_agent_is_told_is_told_in_order() -> None:
    ours = OurWords()

    ours.add("It is noon.", is_cut=False)
    ours.add("", is_cut=True)
    ours.add("Are you still there?", is_cut=False)

    assert (ours.text, ours.is_cut) == ("It is noon. Are you still there?", False)


def test_what_the_agent_was_told_goes_when_something_new_is_heard_and_not_before() -> None:
    ours = OurWords()
    ours.add("Hello.", is_cut=False)
    ours.tell()

    ours.add("", is_cut=True)
    before = ours.text, ours.is_cut
    ours.add("It is", is_cut=True)

    assert before == ("Hello.", False)
    assert (ours.text, ours.is_cut) == ("It is", True)


def test_a_question_behind_an_answer_that_was_cut_short_is_told_apart_from_it() -> None:
    ours = OurWords()
    ours.add("We are open from", is_cut=True)

    ours.add("Are you still there?", is_cut=False)

    assert ours.text == "We are open from\u2026 Are you still there?"


def test_the_rest_of_what_was_cut_short_goes_on_with_it() -> None:
    ours = OurWords()
    ours.add("We are open from", is_cut=True)
    ours.go_on()

    ours.add("nine to five.", is_cut=False)

    assert (ours.text, ours.is_cut) == ("We are open from nine to five.", False)


def test_a_rest_that_was_not_heard_is_not_taken_for_what_is_said_next() -> None:
    ours = OurWords()
    ours.add("We are open from", is_cut=True)
    ours.go_on()

    ours.add("", is_cut=True)
    ours.add("Hello?", is_cut=False)

    assert ours.text == "We are open from\u2026 Hello?"


def test_that_nothing_has_been_heard_is_no_news() -> None:
    ours = OurWords()
    ours.add("", is_cut=True)
    before = ours.is_told

    ours.add("Hello.", is_cut=False)

    assert (before, ours.is_told) == (True, False)
