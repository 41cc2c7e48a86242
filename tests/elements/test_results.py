# SPDX-License-Identifier: LGPL-2.1-or-later
"""What happens to results after the method: gamma and beta, clipping, the order of channels; against numpy.

Every method, scope and output; every format of input where the order of channels matters."""

import numpy as np
import pytest

import pixel_reference as reference
from pixel_reference import Places, channels_of
from pixel_streams import FORMATS, HEIGHT, KINDS, PAIRS, SCOPES, WIDTH, Gst, Refused, buffers_of, bytes_of, frames_of, meta_of, outputs_of, run, \
    video_caps


GAMMA, BETA = [1.5, -0.25, 3.0], [0.125, -2.0, 10.0]
CASES = {
    "gamma": {"gamma": GAMMA}, "beta": {"beta": BETA}, "both": {"gamma": GAMMA, "beta": BETA},
    "one": {"gamma": [0.5], "beta": [-1.0]}, "clip": {"clip_low": -0.75, "clip_high": 1.3},
    "below": {"clip_high": 0.3}, "all": {"gamma": GAMMA, "beta": BETA, "clip_low": -1.0, "clip_high": 11.0},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["RGB", "BGRA", "GBR", "GRAY8"])
def test_walk(name, case, kind, profiles):
    channels = channels_of(name)
    given = {key: (value[:1] if channels == "Y" and isinstance(value, list) else value)
             for key, value in CASES[case].items()}
    gamma, beta = np.array(given.get("gamma", [1.0])), np.array(given.get("beta", [0.0]))
    clip = given.get("clip_low", -np.inf), given.get("clip_high", np.inf)
    frames = frames_of(name)
    for method, scope in PAIRS:
        plain = reference.values(method, scope, frames, reference.moments_of(frames))
        low, high = reference.range_of(method, channels)
        ends = np.concatenate([low * gamma + beta, high * gamma + beta])
        if method == "fixed":
            ends = np.concatenate([gamma * e + beta for e in ((0 - 127.5) / 127.5, 1.0)])
        if gamma.size < beta.size:
            ends = np.concatenate([np.broadcast_to(gamma, beta.shape) * e + beta for e in (low, high)])
        y = np.clip(plain * gamma + beta, *clip)
        found = outputs_of(name, kind, location=profiles[channels], method=method, scope=scope, **given)
        reach = reference.reach_of(method, scope, channels, reference.moments_of(frames), gamma=gamma, beta=beta)
        reference.check_output(found, y, kind, ends.min(), ends.max(), 1e-6 if reach else 1e-4, reach)


@pytest.mark.parametrize("low, high", [(-1.0, 2.0), (2.0, -1.0)])
@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_clipped_video_with_a_range(low, high, scope, profiles):
    """Also where the range is turned around."""
    frames = frames_of("RGBA")
    y = reference.values("zscore", scope, frames, reference.moments_of(frames))
    found = outputs_of("RGBA", "video", location=profiles["RGB"], scope=scope, range_low=low, range_high=high,
                       clip_low=-.5, clip_high=.25)
    codes = (np.clip(y, -.5, .25) - low) * 255 / (high - low)
    reference.check_codes(found, codes, 1e-3)


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("kind", [k for k in KINDS if k != "video"])
@pytest.mark.parametrize("name", [f for f in FORMATS if channels_of(f) == "RGB"])
def test_channel_order(name, kind, layout, profiles):
    """bgr is rgb with the channels the other way round, to the bit, in every format; gamma stays with its channel."""
    settings = {"location": profiles["RGB"], "layout": layout, "gamma": GAMMA, "clip_high": 2.0}
    for scope in SCOPES:
        rgb = outputs_of(name, kind, scope=scope, **settings)
        bgr = outputs_of(name, kind, scope=scope, channel_order="bgr", **settings)
        if layout == "nchw":
            rgb, bgr = (a.reshape(len(a), 3, HEIGHT, WIDTH).transpose(0, 2, 3, 1) for a in (rgb, bgr))
        assert (bgr == rgb[..., ::-1]).all()
        assert (bgr != rgb).any()


def test_grey_has_no_order(profiles):
    plain = outputs_of("GRAY8", "float32", location=profiles["Y"])
    assert (outputs_of("GRAY8", "float32", location=profiles["Y"], channel_order="bgr") == plain).all()


def test_streaming_sizes_are_clipped_too(tmp_path):
    """Results that are written past the caches otherwise."""
    frame = np.random.default_rng(1).integers(0, 256, (1, 1500, 2000, 3), np.uint8)
    places = Places("RGB", 2000, 1500)
    samples = run("appsrc name=in format=time ! pixelnorm method=fixed clip-low=-0.5 clip-high=0.25 ! "
                  "other/tensors,types=float32 ! appsink name=out sync=false wait-on-eos=false",
                  [(video_caps("RGB", 2000, 1500), buffers_of(places.pack(frame, None, np.random.default_rng(1))))])
    found = np.frombuffer(bytes_of(samples)[0], "<f4").reshape(frame.shape)
    reference.check_values(found, np.clip((frame - 127.5) / 127.5, -.5, .25))


BAD = [({"gamma": [1.0, 2.0]}, "gamma has 2 values"), ({"beta": [1e9]}, "beta is"), ({"gamma": [1.0] * 4}, "gamma has 4"),
       ({"clip_low": 1.0, "clip_high": 0.5}, "clip-low is 1")]


@pytest.mark.parametrize("settings, words", BAD, ids=[w for _, w in BAD])
def test_what_cannot_be(settings, words, profiles):
    with pytest.raises(Refused) as refused:
        outputs_of("RGB", "float32", location=profiles["RGB"], **settings)
    assert words in str(refused.value)
    assert (refused.value.domain, refused.value.code) == ("gst-resource-error-quark", Gst.ResourceError.SETTINGS)


def test_bgr_is_of_colours(tmp_path):
    frames = np.zeros((1, 4, 4, 3), np.uint8)
    with pytest.raises(Refused, match="bgr"):
        run("appsrc name=in format=time ! pixelnorm method=fixed channel-order=bgr ! other/tensors ! fakesink",
            [(Gst.Caps.from_string("video/x-raw,format=Y444,width=4,height=4,framerate=30/1"),
              buffers_of(frames.reshape(1, -1)))])


def test_the_meta_says_what_was_done(profiles):
    """gamma, beta, clip and order on every buffer, as they were set; nothing of them where they were not."""
    plain = meta_of(method="fixed")
    assert "channel-order=(string)rgb" in plain
    assert not any(word in plain for word in ("gamma", "beta", "clip"))
    found = meta_of(method="fixed", gamma=GAMMA, beta=[7.0], clip_low=-3.0, channel_order="bgr")
    for words in ["gamma=(double)< 1.5, -0.25, 3 >", "beta=(double)< 7 >", "clip-low=(double)-3", "channel-order=(string)bgr"]:
        assert words in found, found
    assert "clip-high" not in found
