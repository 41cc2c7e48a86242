# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixeldenorm: pixelnorm ! pixeldenorm, and pixeldenorm alone against numpy.

Through float32 every sample comes back, at every depth: its roundings err by less than .04 of 65536 code
values, and half a value is what it takes. float16 errs by 2^-11 of |x - mean|, which is .125 at 8 bits:
every sample comes back; at d bits within 2^(d - 11) + .5. Codes of int8, uint8 and 8-bit video err by half a step, so
what was not clipped comes back within step / (2 scale) + .5 code values, rounded down: 0 or 1 where a step is no
more than a code value.
"""
import numpy as np
import pytest

import pixel_reference as reference
from pixel_streams import DEEP_FORMATS, FORMATS, PAIRS, TEMPLATE, TYPES, DeepPlaces, Gst, Refused, bytes_of, \
    collect_deep, deep_random, deep_source, make_deep_frames, run, video_caps, words_of

WHOLE = [n for n in TEMPLATE if n in FORMATS or (n in DEEP_FORMATS and DEEP_FORMATS[n].is_whole and DEEP_FORMATS[n].twin)]
N = 3


class Video:
    """Frames of any format: samples [N, H, W, C], alpha [N, H, W]."""

    def __init__(self, name, size):
        self.name, self.size = name, size
        self.deep = DEEP_FORMATS.get(name) if name not in FORMATS else None
        self.places = DeepPlaces(name, *size) if self.deep else reference.Places(name, *size)
        self.channels = self.deep.channels if self.deep else reference.channels_of(name)
        self.largest = self.deep.largest if self.deep else 255

    def make(self):
        random = deep_random("back", self.name, self.size)
        shape = (N, self.size[1], self.size[0], len(self.channels))
        base = random.integers(0, self.largest + 1, shape[1:])
        reach = random.choice([0, 1, self.largest // 20, self.largest], shape[1:])
        samples = np.clip(base + random.integers(-reach, reach + 1, shape), 0, self.largest)
        return samples, random.integers(0, self.largest + 1, shape[:3])

    def stretch(self, samples, alpha):
        noise = deep_random("noise", self.name)
        given = {c: samples[..., i] for i, c in enumerate(self.channels)} if self.deep else samples
        data = self.places.pack(given, alpha, noise)
        return [(video_caps(self.name, *self.size), [Gst.Buffer.new_wrapped(row.tobytes()) for row in data])]

    def unpack(self, out):
        """Samples and, where there is one, alpha."""
        data = np.frombuffer(b"".join(out), np.uint8).reshape(len(out), self.places.size)
        if not self.deep:
            return self.places.unpack(data)
        found = {}
        for p, letters in enumerate(self.places.planes):
            for i, letter in enumerate(letters):
                words = np.ascontiguousarray(self.places._plane(data, p)[..., i, :])
                if self.deep.depth > 8:
                    words = words.view(">u2" if self.deep.big else "<u2")
                    assert (words & (0xffff & ~(self.largest << self.deep.shift)) == 0).all(), "bits beside the sample"
                found[letter] = words[..., 0] >> self.deep.shift
        return np.stack([found[c] for c in self.channels], -1), found.get("A")


def there_and_back(video, stretch, between, also="", **settings):
    words = words_of(settings)
    return bytes_of(run(f"appsrc name=in format=time ! pixelnorm {words} ! {between} ! pixeldenorm {words} {also} ! "
                        f"video/x-raw,format={video.name} ! appsink name=out sync=false wait-on-eos=false", stretch))


def profile_of(video, samples, alpha, path):
    run(f"appsrc name=in format=time ! pixelstats overwrite=true location={path} histogram=true ! fakesink sync=false",
        video.stretch(samples, alpha))
    return path


@pytest.mark.parametrize("name", WHOLE)
def test_float32(name, tmp_path):
    """Bit for bit, alpha opaque, for every method, scope, layout and order of channels."""
    for size in [(7, 5), (389, 2)]:
        video = Video(name, size)
        samples, alpha = video.make()
        path = profile_of(video, samples, alpha, tmp_path / "p.safetensors")
        orders = ["rgb", "bgr"] if video.channels == "RGB" else ["rgb"]
        ways = [(layout, order) for layout in ["nhwc", "nchw"] for order in orders]
        for i, (method, scope) in enumerate(PAIRS):
            for layout, order in ways if i < 2 else ways[i % len(ways):][:1]:
                out = there_and_back(video, video.stretch(samples, alpha), "other/tensors,types=float32",
                                     location=path, method=method, scope=scope, layout=layout, channel_order=order)
                found, opaque = video.unpack(out)
                assert np.array_equal(found, samples), (method, scope, layout, order)
                assert opaque is None or (opaque == video.largest).all()


@pytest.mark.parametrize("name", ["RGB", "BGRx", "GRAY8", "RGBA64_LE", "GRAY16_LE", "GBR_10LE"])
def test_float16(name, tmp_path):
    video = Video(name, (33, 4))
    samples, alpha = video.make()
    path = profile_of(video, samples, alpha, tmp_path / "p.safetensors")
    for method, scope in PAIRS:
        if method in ("center", "flat-field") and video.largest > 4095:
            continue  # code values, and float16 ends at 65504
        out = there_and_back(video, video.stretch(samples, alpha), "other/tensors,types=float16", location=path,
                             method=method, scope=scope)
        error = np.abs(video.unpack(out)[0].astype(int) - samples)
        assert error.max() <= np.floor((video.largest + 1) / 2048 + .5), (method, scope)


@pytest.mark.parametrize("kind", ["uint8", "int8", "video"])
@pytest.mark.parametrize("name", [n for n in WHOLE if n in FORMATS])
def test_fixed_keeps_every_code(name, kind):
    """(x - 127.5) / 127.5 is half a step beside a code at every x. All 256 stay apart, and come back; also where the scale and
    the zero-point are taken from the meta."""
    video = Video(name, (64, 4))
    samples, alpha = video.make()
    samples[0] = np.arange(256).reshape(4, 64, 1)
    between = "video/x-raw" if kind == "video" else f"other/tensors,types={kind}"
    given = {} if kind == "video" else {"quant_scale": 2 / 255, "quant_zero_point": 128 if kind == "uint8" else 0}
    codes = np.frombuffer(bytes_of(run(f"appsrc name=in format=time ! pixelnorm method=fixed ! {between} ! appsink name=out "
                                       "sync=false wait-on-eos=false", video.stretch(samples, alpha)))[0], np.uint8)
    if kind != "video":
        assert np.array_equal(np.unique(codes), np.arange(256))
    for settings in {}, given:
        out = bytes_of(run(f"appsrc name=in format=time ! pixelnorm method=fixed ! {between} ! pixeldenorm method=fixed "
                           f"{words_of(settings)} ! video/x-raw,format={name} ! appsink name=out sync=false wait-on-eos=false",
                           video.stretch(samples, alpha)))
        found, carried = video.unpack(out)
        assert np.array_equal(found, samples)
        assert carried is None or (carried == (alpha if kind == "video" else 255)).all()


def steps_of(video, samples, method, scope, kind):
    """What one step is in code values, and which samples are not clipped."""
    moments = reference.moments_of(samples)
    y = reference.values(method, scope, samples, moments)
    scale = reference.values(method, scope, samples + 1, moments) - y
    low, high = reference.range_of(method, video.channels)
    smallest, largest = (-128, 127) if kind == "int8" else (0, 255)
    if kind == "video":
        step = (high - low) / 255
        code = (y - low) / step
    else:
        step, zero = reference.quantization_of(low, high, kind, reference.reach_of(method, scope, video.channels, moments))
        code = y / step + zero
    return step / scale, (code >= smallest) & (code <= largest)


@pytest.mark.parametrize("kind", ["uint8", "int8", "video"])
@pytest.mark.parametrize("name", ["RGB", "BGRA", "GBR", "GRAY8"])
def test_codes(name, kind, tmp_path):
    video = Video(name, (33, 4))
    samples, alpha = video.make()
    path = profile_of(video, samples, alpha, tmp_path / "p.safetensors")
    between = "video/x-raw" if kind == "video" else f"other/tensors,types={kind}"
    n_within_one = 0
    for method, scope in PAIRS:
        out = there_and_back(video, video.stretch(samples, alpha), between, location=path, method=method, scope=scope)
        found, carried = video.unpack(out)
        step, whole = steps_of(video, samples, method, scope, kind)
        bound = np.floor(step / 2 + .5 + 1e-3)
        error = np.abs(found.astype(int) - samples)
        assert (error <= bound)[whole].all(), (method, scope, error[whole].max())
        n_within_one += (bound <= 1).all()
        if carried is not None:
            assert (carried == (alpha if kind == "video" else 255)).all()
    assert n_within_one >= 5


@pytest.mark.parametrize("name", [n for n in DEEP_FORMATS if n in TEMPLATE and n != "GRAY10_LE16" and DEEP_FORMATS[n].twin])
def test_deep_video(name, tmp_path):
    """From the 8-bit twin to the depth of the profile, subsampled formats too; alpha within a step of 8 bits."""
    form, size = DEEP_FORMATS[name], (14, 6)
    samples, alpha = make_deep_frames(name, size, N)
    path = collect_deep(tmp_path / "p.safetensors", name, size, samples, alpha)
    out = run(f"appsrc name=in format=time ! pixelnorm location={path} method=min-max scope=pixel ! video/x-raw ! "
              f"pixeldenorm location={path} method=min-max scope=pixel ! video/x-raw,format={name} ! "
              "appsink name=out sync=false wait-on-eos=false", deep_source(name, size, samples, alpha))
    places = DeepPlaces(name, *size)
    data = np.frombuffer(b"".join(bytes_of(out)), np.uint8).reshape(N, places.size)
    for p, letters in enumerate(places.planes):
        for i, letter in enumerate(letters):
            words = np.ascontiguousarray(places._plane(data, p)[..., i, :])
            words = words.view(">u2" if form.big else "<u2") if form.depth > 8 else words
            found = (words[..., 0] >> form.shift).astype(int)
            if letter == "A":
                assert (np.abs(found - alpha) <= np.ceil(form.largest / 510)).all()
                continue
            reach = np.maximum((samples[letter].max(0) - samples[letter].min(0)) / 2, form.largest / 255)
            bound = np.floor(reach / 127 / 2 + .5 + 1e-2)
            assert (np.abs(found - samples[letter]) <= bound).all(), letter


def formula(kind, y, scale, zero, mean, std, gamma, beta, largest=255):
    """x before rounding, in float64."""
    value = (y.astype(float) - zero) * scale if kind in ("int8", "uint8") else y.astype(float)
    return np.clip((value - beta) / gamma * std + mean, 0, largest)


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("kind", TYPES)
def test_against_numpy(kind, layout):
    """Tensors that no pixelnorm made."""
    random, size = deep_random("alone", kind, layout), (21, 9)
    mean, std = np.array([120.3, 99.5, 140.25]), np.array([50., 60.5, 33.3])
    gamma, beta = np.array([1.5, -.5, 2]), np.array([.25, 3, -1])
    shape = (N, 9, 21, 3)
    y = random.normal(0, 3, shape) if "float" in kind else random.integers(-128 if kind == "int8" else 0,
                                                                           128 if kind == "int8" else 256, shape)
    y = y.astype(TYPES[kind])
    if "float" in kind:
        y[0, 0, :4, 0] = np.array([np.nan, np.inf, -np.inf, 60000])
    laid = y if layout == "nhwc" else y.transpose(0, 3, 1, 2)
    dimensions = "3:21:9:1" if layout == "nhwc" else "21:9:3:1"
    caps = Gst.Caps.from_string(f"other/tensors,format=static,num_tensors=1,types={kind},"
                                f"dimensions=(string){dimensions},framerate=30/1")
    settings = {"method": "fixed", "mean": mean.tolist(), "std": std.tolist(), "gamma": gamma.tolist(),
                "beta": beta.tolist(), "quant-scale": .05, "quant-zero-point": 7, "layout": layout}
    out = bytes_of(run(f"appsrc name=in format=time ! pixeldenorm {words_of(settings)} ! video/x-raw,format=RGBx ! "
                       "appsink name=out sync=false wait-on-eos=false",
                       [(caps, [Gst.Buffer.new_wrapped(row.tobytes()) for row in laid])]))
    found, opaque = Video("RGBx", size).unpack(out)
    exact = formula(kind, y, .05, 7, mean, std, gamma, beta)
    exact = np.where(np.isnan(exact), np.clip(np.rint(mean - beta * std / gamma), 0, 255), exact)  # next to y = 0
    near = np.abs(exact - np.floor(exact) - .5) < 1e-3
    assert (np.abs(found - np.rint(exact)) <= near).all()
    assert (opaque == 255).all() and near.mean() < .05


def test_half_to_even():
    """Ties go to the even sample, not to the even distance from the centre."""
    y = np.arange(-300, 301, dtype="<f4") / 2
    caps = Gst.Caps.from_string("other/tensors,format=static,num_tensors=1,types=float32,"
                                "dimensions=(string)1:601:1:1,framerate=30/1")
    for mean in [127, 128]:
        out = bytes_of(run(f"appsrc name=in format=time ! pixeldenorm method=fixed mean=<{mean}.0> std=<1.0> ! "
                           "video/x-raw,format=GRAY8 ! appsink name=out sync=false wait-on-eos=false",
                           [(caps, [Gst.Buffer.new_wrapped(y.tobytes())])]))
        found = np.frombuffer(out[0], np.uint8)[:601]
        assert np.array_equal(found, np.clip(np.rint(y.astype(float) + mean), 0, 255))


def test_format_of_the_profile(tmp_path):
    """Without being asked for one: of the channels and the depth of the profile."""
    for name, expected in [("GRAY16_LE", "GRAY16_LE"), ("GBR_10BE", "GBR_10LE"), ("BGRx", "RGB"), ("Y444", "Y444")]:
        video = Video(name, (8, 6))
        samples, alpha = video.make()
        path = profile_of(video, samples, alpha, tmp_path / "p.safetensors")
        out = run(f"appsrc name=in format=time ! pixelnorm location={path} ! other/tensors,types=float32 ! pixeldenorm "
                  f"location={path} ! appsink name=out sync=false wait-on-eos=false", video.stretch(samples, alpha))
        assert f"format=(string){expected}," in out[0].get_caps().to_string()
        found, _ = Video(expected, (8, 6)).unpack(bytes_of(out))
        assert np.array_equal(found, samples)


BAD = {"3:8:7:1": "size", "5:8:6:1": "5:8:6:1", "3:0:6:1": "3:0:6:1", "1:8:6:1": "channels", "x": "x"}


@pytest.mark.parametrize("dimensions", BAD)
def test_bad_dimensions(dimensions, tmp_path):
    video = Video("RGB", (8, 6))
    path = profile_of(video, *video.make(), tmp_path / "p.safetensors")
    caps = Gst.Caps.from_string(f"other/tensors,format=static,num_tensors=1,types=float32,"
                                f"dimensions=(string){dimensions},framerate=30/1")
    with pytest.raises(Refused, match=BAD[dimensions]):
        run(f"appsrc name=in format=time ! pixeldenorm location={path} ! fakesink",
            [(caps, [Gst.Buffer.new_wrapped(bytes(8 * 6 * 12))])])


def test_short_tensor():
    caps = Gst.Caps.from_string("other/tensors,format=static,num_tensors=1,types=float32,"
                                "dimensions=(string)3:8:6:1,framerate=30/1")
    with pytest.raises(Refused, match="576 bytes.*found a buffer of 575"):
        run("appsrc name=in format=time ! pixeldenorm method=fixed ! fakesink",
            [(caps, [Gst.Buffer.new_wrapped(bytes(575))])])
