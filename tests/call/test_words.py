from hypothesis import given
from hypothesis import strategies as st

from voicecalld.call.words import is_aside, is_echo, repeats, shared

SAID = "We are open from Monday to Friday."


def test_who_only_listens_says_nothing_but_asides() -> None:
    assert is_aside("Mm-hm, okay!")
    assert is_aside("")
    assert not is_aside("Okay, but")


def test_our_own_words_are_an_echo_although_some_were_made_out_wrong() -> None:
    assert is_echo("we are hoping from Monday", SAID, is_final=True, share=0.6)
    assert not is_echo("we want a table", SAID, is_final=True, share=0.6)


def test_a_word_that_comes_twice_is_in_ours_only_as_often_as_we_said_it() -> None:
    assert shared("open open", "open") == 0.5
    assert shared("", "open") == 0.0


def test_only_a_guess_may_end_within_a_word() -> None:
    assert repeats("are op", SAID, is_final=False)
    assert not repeats("are op", SAID, is_final=True)
    assert not repeats("", SAID, is_final=False)


@given(text=st.text())
def test_nothing_is_an_echo_of_silence(text: str) -> None:
    assert not is_echo(text, "", is_final=False, share=0.6)
