"""Resampling by measurement: levels of tones, lengths, and cuts that must not matter."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicecalld.audio.pcm import Resampler, level_dbfs, mix_to_mono, resample

RATES_TO_8_KHZ = [(rate_hz, 8000) for rate_hz in (11025, 16000, 22050, 24000, 44100, 48000)]
ALL_RATES = [(8000, 8000), *RATES_TO_8_KHZ, (8000, 16000)]


def sine(hz: float, rate_hz: int, seconds: float = 0.5) -> bytes:
    place = np.arange(int(rate_hz * seconds))
    samples = np.rint(16000 * np.sin(2 * math.pi * hz / rate_hz * place))
    return bytes(samples.astype("<i2"))


def steady(pcm: bytes) -> bytes:
    """Without 20 ms at each end, where a tone begins and stops."""
    return pcm[640:-640]


@pytest.mark.parametrize(("from_hz", "to_hz"), ALL_RATES)
def test_a_tone_of_1_khz_keeps_its_level(from_hz: int, to_hz: int) -> None:
    tone = sine(1000, from_hz)

    converted = resample(tone, from_hz, to_hz)

    assert level_dbfs(steady(converted)) == pytest.approx(level_dbfs(tone), abs=0.1)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES_TO_8_KHZ)
def test_the_end_of_the_telephone_band_keeps_its_level(from_hz: int, to_hz: int) -> None:
    tone = sine(3400, from_hz)

    converted = resample(tone, from_hz, to_hz)

    assert level_dbfs(steady(converted)) == pytest.approx(level_dbfs(tone), abs=0.5)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES_TO_8_KHZ)
def test_a_tone_of_5_khz_does_not_come_back_as_3_khz(from_hz: int, to_hz: int) -> None:
    tone = sine(5000, from_hz)

    converted = resample(tone, from_hz, to_hz)

    assert level_dbfs(steady(converted)) < level_dbfs(tone) - 60


@pytest.mark.parametrize("from_hz", [7999, 44_099, 191_999])
def test_a_rate_that_nobody_uses_is_converted_cleanly(from_hz: int) -> None:
    converted = steady(resample(sine(1000, from_hz), from_hz, 8000))

    samples = np.frombuffer(converted, "<i2")
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples))))
    hz = np.fft.rfftfreq(len(samples), 1 / 8000)
    other = spectrum[np.abs(hz - 1000) > 50].max()
    assert hz[np.argmax(spectrum)] == pytest.approx(1000, abs=2)
    assert 20 * math.log10(other / spectrum.max()) < -60


def test_doubling_the_rate_adds_no_mirror_image() -> None:
    converted = steady(resample(sine(1000, 8000), 8000, 16000))

    # the image of 1 kHz would be at 7 kHz
    spectrum = np.abs(
        np.fft.rfft(np.frombuffer(converted, "<i2") * np.hanning(len(converted) // 2))
    )
    hz = np.fft.rfftfreq(len(converted) // 2, 1 / 16000)
    image, tone = spectrum[hz > 4500].max(), spectrum[hz < 3500].max()
    assert 20 * math.log10(image / tone) < -60


@pytest.mark.parametrize(("from_hz", "to_hz"), ALL_RATES)
@pytest.mark.parametrize("samples", [0, 1, 2, 159, 160, 4001])
def test_the_length_is_the_ratio_of_the_rates_rounded_up(
    from_hz: int, to_hz: int, samples: int
) -> None:
    converted = resample(bytes(2 * samples), from_hz, to_hz)

    assert len(converted) // 2 == math.ceil(samples * to_hz / from_hz)


def test_a_click_stays_where_it_was() -> None:
    click = np.zeros(2400, "<i2")
    click[1200] = 30000

    converted = np.frombuffer(resample(click.tobytes(), 24000, 8000), "<i2")

    assert np.argmax(np.abs(converted)) == 400


def test_a_stream_is_at_most_3_ms_late() -> None:
    resampler = Resampler(24000, 8000)

    first = resampler.feed(bytes(2 * 480))

    # 20 ms have gone in; 2.5 ms are still needed on the far side of the last sample
    assert len(first) // 2 == 160 - 20


@settings(max_examples=50)
@given(
    data=st.binary(max_size=600),
    cuts=st.lists(st.integers(0, 600), max_size=8),
    rates=st.sampled_from([(8000, 8000), (24000, 8000), (22050, 8000), (8000, 16000), (3, 2)]),
)
def test_how_a_stream_is_cut_changes_no_bit(
    data: bytes, cuts: list[int], rates: tuple[int, int]
) -> None:
    resampler = Resampler(*rates)
    borders = [0, *sorted(cuts), 600]

    pieces = [resampler.feed(data[start:end]) for start, end in itertools.pairwise(borders)]

    assert b"".join(pieces) + resampler.flush() == resample(data, *rates)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8000, 8000), (24000, 8000)])
def test_a_flushed_resampler_remembers_nothing(from_hz: int, to_hz: int) -> None:
    resampler = Resampler(from_hz, to_hz)
    noise = np.random.default_rng(1).normal(0, 5000, 3000).astype("<i2").tobytes()
    resampler.feed(noise + b"\x7f")
    resampler.flush()

    again = resampler.feed(noise) + resampler.flush()

    assert again == resample(noise, from_hz, to_hz)


def test_a_sound_longer_than_one_block_has_no_seam() -> None:
    tone = sine(1000, 24000, seconds=1.0)

    converted = np.frombuffer(resample(tone, 24000, 8000), "<i2")

    expected = np.frombuffer(sine(1000, 8000, seconds=1.0), "<i2")
    difference = converted.astype(int) - expected.astype(int)
    assert np.abs(difference[100:-100]).max() <= 2


def test_what_becomes_too_loud_is_clipped_and_does_not_wrap() -> None:
    square = np.repeat(np.array([32767, -32768] * 100, "<i2"), 30).tobytes()

    converted = np.frombuffer(resample(square, 24000, 8000), "<i2")

    # a filtered square wave overshoots by about a tenth; wrapped it would jump to the other sign
    assert (converted[3:6] > 20000).all()
    assert converted.max() == 32767
    assert converted.min() == -32768


def test_channels_are_mixed_to_their_mean() -> None:
    stereo = np.array([100, 300, -32768, -32768, 32767, 32767, 5], "<i2").tobytes()

    mono = np.frombuffer(mix_to_mono(stereo, 2), "<i2")

    assert mono.tolist() == [200, -32768, 32767]


@pytest.mark.parametrize(
    ("samples", "dbfs"),
    [([], -100.0), ([0, 0], -100.0), ([-32768, -32768], 0.0), ([3277, -3277], -20.0)],
)
def test_the_level_is_that_of_a_full_scale_square_wave_less_what_is_missing(
    samples: list[int], dbfs: float
) -> None:
    level = level_dbfs(np.array(samples, "<i2").tobytes())

    assert level == pytest.approx(dbfs, abs=0.01)


def test_a_full_scale_sine_is_3_db_below_a_square_wave() -> None:
    assert level_dbfs(sine(1000, 8000)) == pytest.approx(
        20 * math.log10(16000 / 32768) - 3.01, abs=0.01
    )
