"""The drawing of a call as an SVG document, to be looked at in a browser, by day and by night.

Time runs from left to right, half a minute a band, and the bands lie one below the other. All that
was said, and what each time was spent on, is told where the pointer rests.

Source: SVG 1.1 (Second Edition), CSS Media Queries Level 5, prefers-color-scheme.
"""

import html
from collections.abc import Iterator
from typing import Final

from voicecalld.ctl.timeline import SHARES, Answer, Keys, Speech, Timeline, show_time
from voicecalld.printable import printable

BAND_S: Final = 30.0
PX_PER_S: Final = 32
TICK_S: Final = 5

LEFT: Final = 76  # the names of the lanes
RIGHT: Final = 60  # the time of an answer may stand behind the end
HEAD: Final = 78
SCALE: Final = 18
LANE: Final = 26
LANES: Final = ("user", "waits", "bot", "keys")
GAP: Final = 22
BAND: Final = SCALE + LANE * len(LANES) + GAP

THINNEST: Final = 2.0
FEWEST: Final = 3  # fewer characters than these are no word
CHARACTER: Final = 6.4  # about as wide as one is on average
PADDING: Final = 4

STYLE: Final = """
svg { background: #ffffff; font: 12px system-ui, sans-serif; }
text { fill: #1f2328; }
.faint { fill: #59636e; }
.title { font-size: 15px; font-weight: 600; }
.rule { stroke: #d1d9e0; }
.user { fill: #b6d7ff; }
.bot { fill: #b4e3c1; }
.endpoint { fill: #8c959f; }
.transcript { fill: #d4a72c; }
.agent { fill: #a475f9; }
.voice { fill: #218bff; }
.line { fill: #e16f24; }
.cut { stroke: #cf222e; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  text { fill: #f0f6fc; }
  .faint { fill: #9198a1; }
  .rule { stroke: #3d444d; }
  .user { fill: #1b4b91; }
  .bot { fill: #196c2e; }
  .cut { stroke: #ff7b72; }
}
"""


def render_svg(timeline: Timeline) -> str:
    """The whole document."""
    bands = int(timeline.lasts_s // BAND_S) + 1  # what ends with a band may be marked behind it
    width = LEFT + round(BAND_S * PX_PER_S) + RIGHT
    height = HEAD + BAND * bands
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
        f"<title>{written(timeline.title)}</title>",
        f"<style>{STYLE}</style>",
        *draw_head(timeline),
    ]
    for band in range(bands):
        lines += draw_band(band)
    for speech in timeline.speeches:
        lines += draw_speech(speech)
    for answer in timeline.answers:
        lines += draw_answer(answer)
    for keys in timeline.keys:
        lines.append(draw_keys(keys))
    for cut_s in timeline.cuts_s:
        lines.append(draw_cut(cut_s, "user", len(LANES)))
    return "\n".join((*lines, "</svg>", ""))


def draw_head(timeline: Timeline) -> Iterator[str]:
    """The call, and what the colours mean."""
    yield text_at(12, 24, timeline.title, "title")
    yield text_at(12, 44, f"lasted {show_time(timeline.lasts_s)}", "faint")
    x = 12.0
    for name, words in {
        "user": "the caller speaks",
        "bot": "our side speaks",
        **{name: f"waits for: {name}" for name in SHARES.values()},
    }.items():
        yield f'<rect class="{name}" x="{x:g}" y="54" width="12" height="12"/>'
        yield text_at(x + 17, 64, words)
        x += 34 + CHARACTER * len(words)


def draw_band(band: int) -> Iterator[str]:
    """The times and the names of the lanes of one band."""
    top = HEAD + BAND * band
    bottom = top + BAND - GAP
    for tick in range(0, round(BAND_S) + 1, TICK_S):
        x = LEFT + tick * PX_PER_S
        yield f'<line class="rule" x1="{x}" y1="{top + SCALE - 3}" x2="{x}" y2="{bottom}"/>'
        yield text_at(x + 2, top + 11, show_time(band * BAND_S + tick), "faint")
    for number, name in enumerate(LANES):
        yield text_at(12, top + SCALE + LANE * number + 16, name, "faint")


def draw_speech(speech: Speech) -> Iterator[str]:
    """An utterance, with as much of its words as there is room for."""
    lane = speech.speaker if speech.speaker in LANES else LANES[-1]
    span = f"{show_time(speech.begin_s, tenths=True)} - {show_time(speech.end_s, tenths=True)}"
    cut = " (interrupted)" if speech.is_cut else ""
    yield f"<g><title>{written(f'{span} {speech.speaker}: {speech.text}{cut}')}</title>"
    for number, (x, y, width) in enumerate(pieces(speech.begin_s, speech.end_s, lane)):
        yield box(x, y, width, lane)
        words = shorten(speech.text, width) if number == 0 else ""
        if words:
            yield text_at(x + PADDING, y + 15, words)
    yield "</g>"
    if speech.is_cut:
        yield draw_cut(speech.end_s, lane, 1)


def draw_answer(answer: Answer) -> Iterator[str]:
    """What the caller waited for, and for how long in all."""
    for share in answer.shares:
        told = f"answer {answer.turn}: {share.name} {share.lasts_ms} ms"
        yield f"<g><title>{written(told)}</title>"
        for x, y, width in pieces(share.begin_s, share.end_s, "waits"):
            yield box(x, y, width, share.name)
        yield "</g>"
    if answer.waited_ms is not None:
        x, y = place(answer.end_s, "waits")
        yield text_at(x + PADDING, y + 15, f"{answer.waited_ms} ms")


def draw_keys(keys: Keys) -> str:
    """Keys, and which way they went."""
    x, y = place(keys.at_s, "keys")
    return text_at(x, y + 15, f"{'→' if keys.is_ours else '←'} {keys.digits}")


def draw_cut(at_s: float, lane: str, lanes: int) -> str:
    """A line where something was cut short, through as many lanes."""
    x, y = place(at_s, lane)
    down = LANE * lanes - 4
    return f'<line class="cut" x1="{x:g}" y1="{y:g}" x2="{x:g}" y2="{y + down:g}"/>'


def pieces(begin_s: float, end_s: float, lane: str) -> Iterator[tuple[float, float, float]]:
    """Left, top and width of a stretch of time, cut at the ends of the bands."""
    while True:
        x, y = place(begin_s, lane)
        band_end_s = (int(begin_s // BAND_S) + 1) * BAND_S
        until_s = min(end_s, band_end_s)
        yield x, y, max(THINNEST, round((until_s - begin_s) * PX_PER_S, 1))
        if end_s <= band_end_s:
            return
        begin_s = band_end_s


def place(at_s: float, lane: str) -> tuple[float, float]:
    """Where a time is in a lane: the band it falls into, and how far to the right."""
    band, within_s = divmod(at_s, BAND_S)
    top = HEAD + BAND * int(band) + SCALE + LANE * LANES.index(lane)
    return round(LEFT + within_s * PX_PER_S, 1), top


def box(x: float, y: float, width: float, kind: str) -> str:
    """A bar in a lane."""
    high = LANE - 4
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{high}" rx="2"/>'


def text_at(x: float, y: float, words: str, kind: str = "") -> str:
    """Words, of which nothing is markup."""
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}">{written(words)}</text>'


def shorten(words: str, width: float) -> str:
    """As much of *words* as fits; nothing if that would not be a word."""
    fits = int((width - 2 * PADDING) / CHARACTER)
    if len(words) <= fits:
        return words
    return f"{words[: fits - 1].rstrip()}…" if fits > FEWEST else ""


def written(words: str) -> str:
    """*words* as XML can hold them: what no document may contain, a caller's words may."""
    return html.escape(printable(words))
