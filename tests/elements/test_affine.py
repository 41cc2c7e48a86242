# SPDX-License-Identifier: LGPL-2.1-or-later
"""affine-location: gamma and beta of a file, for every pixel, channel or all, against numpy in float64."""
import numpy as np
import pytest

import gi

import pixel_reference as reference
from profile_bytes import affine_file, affine_identity
from pixel_reference import channels_of
from pixel_streams import HEIGHT, KINDS, PAIRS, SEED, WIDTH, Gst, Refused, bytes_of, buffers_of, frames_of, meta_of, one_frame, \
    outputs_of, run, video_caps
from reports import tell

gi.require_version("Pixelnorm", "1.0")
from gi.repository import Pixelnorm  # noqa: E402

SHAPES = {"pixel": (HEIGHT, WIDTH), "channel": (), "mixed": (HEIGHT, WIDTH)}
walked = {"combinations": 0}


def arrays_of(shape, channels, kind="<f4"):
    """gamma of both signs and with zeros, beta around 0."""
    random = np.random.default_rng([SEED, len(shape), len(channels)])
    full = (*SHAPES[shape], len(channels))
    gamma = random.choice([-1.5, 0, .25, 1, 1.75], full) + random.uniform(0, .1, full)
    beta = random.uniform(-2, 2, (1,) if shape == "mixed" else full)
    return {"gamma": gamma.astype(kind), "beta": beta.astype(kind)}


def write(path, **arrays):
    path.write_bytes(affine_file(**arrays))
    return path


def range_of(method, channels, gamma, beta):
    """The bounds of the method's range under every gamma and beta."""
    low, high = reference.range_of(method, channels)
    return [np.minimum(low * gamma + beta, high * gamma + beta).min(),
            np.maximum(low * gamma + beta, high * gamma + beta).max()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["RGB", "BGRA", "GBR", "GRAY8"])
def test_walk(name, shape, kind, profiles, tmp_path):
    """Per pixel whatever the scope of the method is; gamma and beta of the properties come after."""
    channels, frames = channels_of(name), frames_of(name)
    arrays = arrays_of(shape, channels)
    path = write(tmp_path / "a.safetensors", **arrays)
    gamma, beta = (arrays[n].astype(float) for n in ("gamma", "beta"))
    for properties in [{}, {"gamma": [-.5], "beta": [3.0]}]:
        after = properties.get("gamma", [1.0])[0], properties.get("beta", [0.0])[0]
        for method, scope in PAIRS:
            plain = reference.values(method, scope, frames, reference.moments_of(frames))
            y = (plain * gamma + beta) * after[0] + after[1]
            ends = range_of(method, channels, gamma * after[0], beta * after[0] + after[1])
            found = outputs_of(name, kind, location=profiles[channels], method=method, scope=scope,
                               affine_location=path, **properties)
            exact = shape == "channel" and (scope != "pixel" or method == "fixed")
            reach = reference.reach_of(method, scope, channels, reference.moments_of(frames), gamma=gamma * after[0],
                                       beta=beta * after[0] + after[1]) if exact else None
            reference.check_output(found, y, kind, *ends, 1e-6 if exact else 1e-4, reach)
            walked["combinations"] += 1


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_order_of_samples(order, layout, kind, tmp_path):
    """gamma stays with its pixel and channel, however the tensor lies."""
    arrays, frames = arrays_of("pixel", "RGB", kind), frames_of("RGB")
    found = outputs_of("BGRx", "float32", method="fixed", layout=layout, channel_order=order,
                       affine_location=write(tmp_path / "a.safetensors", **arrays))
    if layout == "nchw":
        found = found.reshape(len(found), 3, HEIGHT, WIDTH).transpose(0, 2, 3, 1)
    y = (frames - 127.5) / 127.5 * arrays["gamma"].astype(float) + arrays["beta"].astype(float)
    reference.check_values(np.ascontiguousarray(found[..., ::-1] if order == "bgr" else found), y)


@pytest.mark.parametrize("given", [("gamma",), ("beta",)])
def test_one_array_is_enough(given, tmp_path):
    arrays = {name: values for name, values in arrays_of("pixel", "RGB").items() if name in given}
    y = (frames_of("RGB") - 127.5) / 127.5 * arrays.get("gamma", np.ones(1)).astype(float)
    found = outputs_of("RGB", "float32", method="fixed", affine_location=write(tmp_path / "a.safetensors", **arrays))
    reference.check_values(found, y + arrays.get("beta", np.zeros(1)).astype(float))


def test_16_bits(tmp_path):
    """Deep samples have coefficients of their own type."""
    frames = np.random.default_rng(SEED).integers(0, 65536, (2, HEIGHT, 20, 1)).astype("<u2")
    arrays = {"gamma": np.random.default_rng(1).uniform(-3, 3, (HEIGHT, 20, 1)).astype("<f8")}
    path = write(tmp_path / "a.safetensors", **arrays)
    samples = run(f"appsrc name=in format=time ! pixelnorm method=fixed units=unit mean=<0.5> std=<0.25> "
                  f"affine-location={path} ! other/tensors,types=float32 ! appsink name=out sync=false wait-on-eos=false",
                  [(video_caps("GRAY16_LE", 20, HEIGHT), buffers_of(frames.reshape(2, -1)))])
    found = np.frombuffer(b"".join(bytes_of(samples)), "<f4").reshape(frames.shape)
    reference.check_values(found, (frames / 65535 - .5) / .25 * arrays["gamma"])


def test_library_gives_the_same_bytes(profiles, tmp_path):
    arrays, frames = arrays_of("pixel", "RGB"), frames_of("RGB")
    path = write(tmp_path / "a.safetensors", **arrays)
    settings = Pixelnorm.Settings.new()
    settings.props.scope = Pixelnorm.Scope.CHANNEL
    affine = Pixelnorm.LearnedAffine.load(str(path))
    profile = Pixelnorm.Profile.load(str(profiles["RGB"]))
    layout = Pixelnorm.Layout.new("RGB", WIDTH, HEIGHT)
    inputs = Pixelnorm.Inputs.new(profile, None, affine)
    normalizer = Pixelnorm.Normalizer.new(settings, inputs, layout, Pixelnorm.Output.FLOAT32)
    del affine, profile, inputs
    found = b"".join(normalizer.run_data(frame.tobytes()).get_data() for frame in frames)
    element = outputs_of("RGB", "float32", location=profiles["RGB"], scope="channel", affine_location=path)
    assert found == element.tobytes()


def test_subsampled_video_takes_a_value_a_channel(tmp_path):
    frame = np.random.default_rng(SEED).integers(0, 256, (1, 16 * 8 * 3 // 2)).astype(np.uint8)

    def send(**arrays):
        path = write(tmp_path / "a.safetensors", **arrays)
        return run(f"appsrc name=in format=time ! pixelnorm method=fixed mean=<0> std=<1> range-low=0 range-high=255 "
                   f"affine-location={path} ! video/x-raw ! appsink name=out sync=false wait-on-eos=false",
                   [(video_caps("I420", 16, 8), buffers_of(frame))])

    gamma = np.array([.5, .25, 2], "<f4")
    (sample,) = send(gamma=gamma)
    found = np.frombuffer(bytes_of([sample])[0], np.uint8)
    exact = np.minimum(np.rint(frame[0] * np.repeat(gamma.astype(float), [128, 32, 32])), 255)
    assert (found == exact).all()
    with pytest.raises(Refused, match="U and V smaller than Y"):
        send(gamma=np.ones((8, 16, 3), "<f4"))


MISFITS = {
    "size": ({"gamma": np.ones((4, 6, 3), "<f4")}, "RGB", '"gamma" of shape [4, 6, 3]', "videoscale"),
    "turned": ({"beta": np.ones((WIDTH, HEIGHT, 3), "<f4")}, "RGB", '"beta" of shape', "videoscale"),
    "channels": ({"gamma": np.ones(3, "<f4")}, "GRAY8", "channels Y", "videoconvert"),
    "grey": ({"gamma": np.ones((HEIGHT, WIDTH, 1), "<f8")}, "RGB", "channels RGB", "videoconvert"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_the_stream(case, tmp_path):
    arrays, name, *words = MISFITS[case]
    with pytest.raises(Refused) as refused:
        outputs_of(name, "float32", method="fixed", affine_location=write(tmp_path / "a.safetensors", **arrays))
    assert all(word in str(refused.value) for word in words), refused.value
    assert (refused.value.domain, refused.value.code) == ("gst-stream-error-quark", Gst.StreamError.FORMAT)


def test_bad_files(tmp_path):
    path = tmp_path / "a.safetensors"
    for content, code in [(None, Gst.ResourceError.OPEN_READ), (b"abc", Gst.ResourceError.READ),
                          (affine_file(gamma=np.array([np.nan], "<f4")), Gst.ResourceError.READ)]:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(Refused) as refused:
            outputs_of("RGB", "float32", method="fixed", affine_location=path)
        assert str(path) in str(refused.value)
        assert (refused.value.domain, refused.value.code) == ("gst-resource-error-quark", code)


def test_the_meta_names_the_file(tmp_path):
    arrays = arrays_of("pixel", "RGB")
    assert "affine" not in meta_of(method="fixed")
    found = meta_of(method="fixed", affine_location=write(tmp_path / "a.safetensors", **arrays))
    assert f"affine-identity=(string){affine_identity(**arrays)}" in found


@pytest.mark.parametrize("arrays, expected", [({"gamma": np.ones((30, 40, 3), "<f4")}, "3:40:30:1"),
                                              ({"gamma": np.ones((30, 40, 1), "<f4")}, "1:40:30:1"),
                                              ({"gamma": np.ones(3, "<f4")}, "3:320:240:1")])
def test_converters_are_asked_for_what_fits(arrays, expected, tmp_path):
    """The stream is grey and of another size: the elements before give what the file fits."""
    path = write(tmp_path / "a.safetensors", **arrays)
    pipeline = Gst.parse_launch("videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8,width=320,height=240 ! videoconvert ! "
                                f"videoscale ! pixelnorm method=fixed affine-location={path} ! fakesink name=out")
    pipeline.set_state(Gst.State.PAUSED)
    pipeline.get_state(5 * Gst.SECOND)
    caps = pipeline.get_by_name("out").get_static_pad("sink").get_current_caps()
    pipeline.set_state(Gst.State.NULL)
    assert f"dimensions=(string){expected}" in caps.to_string()


def test_live_change(tmp_path):
    """Another file while playing: frames of one plan or the other, each as its meta says; a bad file leaves the old."""
    frame = one_frame()
    plain = (frames_of("RGB", 1)[0] - 127.5) / 127.5
    files = []
    for n in range(2):
        arrays = {"gamma": np.full((HEIGHT, WIDTH, 3), n + 2, "<f4"), "beta": np.full(1, n, "<f4")}
        files.append((write(tmp_path / f"{n}.safetensors", **arrays), affine_identity(**arrays), plain * (n + 2) + n))
    pipeline = Gst.parse_launch(f"appsrc name=in format=time ! pixelnorm name=norm method=fixed affine-location={files[0][0]} "
                                "! other/tensors,types=float32 ! appsink name=out sync=false")
    source, norm, sink = (pipeline.get_by_name(name) for name in ("in", "norm", "out"))
    source.set_caps(video_caps("RGB", WIDTH, HEIGHT))
    pipeline.set_state(Gst.State.PLAYING)

    def show():
        """Which plan a frame went through."""
        source.push_buffer(*buffers_of(frame))
        buffer = sink.try_pull_sample(10 * Gst.SECOND).get_buffer()
        meta = buffer.get_custom_meta("PixelnormMeta").get_structure().to_string()
        which = [n for n in range(2) if files[n][1] in meta]
        found = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), "<f4").reshape(plain.shape)
        reference.check_values(found, files[which[0]][2])
        return which[0]

    def wait_for(kind):
        for _ in range(2000):
            show()
            if message := pipeline.get_bus().timed_pop_filtered(5 * Gst.MSECOND, kind):
                return message
        raise AssertionError("no message")

    try:
        assert show() == 0
        norm.set_property("affine-location", str(files[1][0]))
        for _ in range(2000):
            if show() == 1:
                break
        assert show() == 1
        norm.set_property("affine-location", str(tmp_path / "missing.safetensors"))
        warning, _ = wait_for(Gst.MessageType.WARNING).parse_warning()
        assert "missing.safetensors" in warning.message and show() == 1
        norm.set_property("affine-location", None)
        for _ in range(2000):
            source.push_buffer(*buffers_of(frame))
            buffer = sink.try_pull_sample(10 * Gst.SECOND).get_buffer()
            if "affine" not in buffer.get_custom_meta("PixelnormMeta").get_structure().to_string():
                break
        found = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), "<f4").reshape(plain.shape)
        reference.check_values(found, plain)
    finally:
        pipeline.set_state(Gst.State.NULL)


@pytest.fixture(scope="module", autouse=True)
def _tell_what_was_walked():
    yield
    tell("walked", f"test_affine: {walked['combinations']} combinations of methods, scopes, outputs and files")
