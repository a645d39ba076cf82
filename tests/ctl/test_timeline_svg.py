from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ctl.timelines import CALL, empty, said, timeline
from voicecalld.ctl.timeline import SHARES, Timeline
from voicecalld.ctl.timeline_svg import BAND, BAND_S, HEAD, LEFT, PX_PER_S, render_svg, shorten

SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawn: Timeline) -> Element:
    return ET.fromstring(render_svg(drawn))  # noqa: S314 - our own text


def bars(root: Element, kind: str) -> list[tuple[float, float, float]]:
    """Left, top and width of every bar of a kind, without the one of the legend."""
    return [
        (float(bar.attrib["x"]), float(bar.attrib["y"]), float(bar.attrib["width"]))
        for bar in root.iterfind(f".//{SVG}g/{SVG}rect[@class='{kind}']")
    ]


def titles(root: Element) -> list[str]:
    return [title.text or "" for title in root.iterfind(f".//{SVG}g/{SVG}title")]


def words(root: Element) -> list[str]:
    return [text.text or "" for text in root.iterfind(f".//{SVG}text")]


def test_who_spoke_when_is_a_bar_in_a_lane_of_theirs() -> None:
    root = parsed(timeline())

    (user,) = bars(root, "user")
    first, second = bars(root, "bot")
    assert user[0] == pytest.approx(LEFT + 1.8 * PX_PER_S, abs=0.1)
    assert user[2] == pytest.approx(2.2 * PX_PER_S, abs=0.1)
    assert first[0] == LEFT
    assert second[0] == LEFT + 5 * PX_PER_S
    assert first[1] == second[1] != user[1]


def test_an_answers_shares_touch_each_other_and_the_bar_of_its_words() -> None:
    root = parsed(timeline())

    shares = [bars(root, name)[0] for name in SHARES.values()]
    at = LEFT + 4.0 * PX_PER_S
    for left, _, width in shares:
        assert left == pytest.approx(at, abs=0.11)
        at = left + width
    assert at == pytest.approx(bars(root, "bot")[1][0], abs=0.11)
    assert "answer 2: agent 200 ms" in titles(root)
    assert "1000 ms" in words(root)


def test_an_interruption_is_a_line_and_the_words_say_so() -> None:
    root = parsed(timeline())

    cuts = root.findall(f".//{SVG}line[@class='cut']")
    assert {float(cut.attrib["x1"]) for cut in cuts} == {LEFT + 2 * PX_PER_S}
    assert "0:00.0 - 0:02.0 bot: Hello! How can I (interrupted)" in titles(root)


def test_keys_are_shown_with_their_way() -> None:
    shown = words(parsed(timeline()))

    assert {"← 5", "→ 12"} <= {*shown}


def test_an_answer_that_was_never_sent_has_no_sum() -> None:
    given_up = timeline(
        turns=[{"turn": 2, "speechEndedAt": "2027-01-15T12:00:04Z", "endpointMs": 500.0}]
    )

    root = parsed(given_up)

    assert not [text for text in words(root) if text.endswith(" ms")]


def test_a_speech_across_two_bands_goes_on_below() -> None:
    root = parsed(timeline(utterances=[said("user", "Well, " * 50, 28.0, 33.0)]))

    above, below = bars(root, "user")
    assert above[0] == LEFT + 28 * PX_PER_S
    assert (above[2], below[2]) == (2 * PX_PER_S, 3 * PX_PER_S)
    assert below[0] == LEFT
    assert below[1] - above[1] == BAND


def test_the_document_is_as_high_as_its_bands() -> None:
    root = parsed(empty(endedAt="2027-01-15T12:01:10Z"))

    assert 70 / BAND_S > 2
    assert root.attrib["height"] == str(HEAD + 3 * BAND)


def test_what_happens_with_the_end_of_a_band_is_within_the_document() -> None:
    cut = said("bot", "Well", 59.0, 60.0, interrupted=True)
    root = parsed(timeline(call=CALL | {"endedAt": "2027-01-15T12:01:00Z"}, utterances=[cut]))

    (line, *_) = root.findall(f".//{SVG}line[@class='cut']")
    assert float(line.attrib["y2"]) < float(root.attrib["height"])


def test_it_has_colours_for_light_and_for_dark() -> None:
    (style,) = parsed(timeline()).iterfind(f"{SVG}style")

    assert style.text is not None
    light, dark = style.text.split("@media (prefers-color-scheme: dark)")
    for name in ("svg", "text", ".faint", ".rule", ".user", ".bot", ".cut"):
        assert f"\n{name} {{" in light
        assert f"\n  {name} {{" in dark
    assert all(f"\n.{name} {{" in light for name in SHARES.values())


def test_every_class_has_a_colour() -> None:
    root = parsed(timeline())

    (style,) = root.iterfind(f"{SVG}style")
    classes = {element.attrib["class"] for element in root.iter() if "class" in element.attrib}
    assert all(f"\n.{name} {{" in (style.text or "") for name in classes)


def test_somebody_unknown_who_speaks_is_drawn_apart() -> None:
    root = parsed(timeline(utterances=[said("guest", "Hi.", 1.0, 2.0)]))

    assert "0:01.0 - 0:02.0 guest: Hi." in titles(root)


@given(text=st.text())
def test_whatever_is_said_is_only_text(text: str) -> None:
    said_before = titles(parsed(timeline(utterances=[said("user", "", 1.0, 9.0)])))

    root = parsed(timeline(utterances=[said("user", text, 1.0, 9.0)]))

    assert len(titles(root)) == len(said_before)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", 'a" onload="x', "&amp;", "]]>"])
def test_markup_is_shown_as_it_was_said(text: str) -> None:
    root = parsed(timeline(utterances=[said("user", text, 1.0, 9.0)]))

    assert f"0:01.0 - 0:09.0 user: {text}" in titles(root)
    assert not [*root.iter(f"{SVG}script")]


@pytest.mark.parametrize(
    ("width", "shown"), [(200.0, "Hello there"), (48.0, "Hello…"), (20.0, ""), (2.0, "")]
)
def test_words_are_shortened_to_the_room_there_is(width: float, shown: str) -> None:
    assert shorten("Hello there", width) == shown
