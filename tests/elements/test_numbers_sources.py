# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statistics of the stream in the element: every format of its pads, batches of frames, against numpy.

tests/lib/test_statistics_sources.py walks the methods, outputs and layouts with the same reference; channels of a subsampled
format are compared each for itself.
"""
import numpy as np
import pytest

from pixel_reference import Places, channels_of
from pixel_streams import DEEP_FORMATS, FORMATS, TEMPLATE, TWINS, DeepPlaces, Gst, buffers_of, bytes_of, deep_random, deep_source, \
    make_deep_frames, run, video_caps, words_of
from reports import tell
from stream_reference import Reference, check_codes, check_float32

SIZE, BATCH = (13, 5), 3
NAMES = [name for name in TEMPLATE if name in DEEP_FORMATS]
SETTINGS = [("frame", "channel"), ("batch", "channel"), ("batch", "global"), ("running", "channel"),
            ("running", "global"), ("running", "pixel")]
walked = {"streams": 0}


def pipeline(kind, **settings):
    walked["streams"] += 1
    return (f"appsrc name=in format=time ! pixelnorm {words_of(settings)} ! {kind} ! "
            "appsink name=out sync=false wait-on-eos=false")


def in_batches(reference, x, size):
    return np.concatenate([reference.batch(x[at:at + size]) for at in range(0, len(x), size)])


def run_tensors(stretches, shape, statistics, scope):
    samples = run(pipeline("other/tensors,types=float32", statistics=statistics, scope=scope, batch_size=BATCH),
                  stretches)
    n, height, width, channels = shape
    for sample in samples:
        text = sample.get_caps().to_string()
        assert f"dimensions=(string){channels}:{width}:{height}:{BATCH}" in text.split(", ")
        assert "framerate=(fraction)10/1" in text
    return np.frombuffer(b"".join(bytes_of(samples)), "<f4").reshape(shape)


@pytest.mark.parametrize("statistics, scope", SETTINGS)
@pytest.mark.parametrize("name", FORMATS)
def test_tensors(name, statistics, scope):
    random, channels = deep_random(name), channels_of(name)
    x = np.clip(random.normal(120, 40, (3 * BATCH, SIZE[1], SIZE[0], len(channels))), 0, 255).astype(np.uint8)
    data = Places(name, *SIZE).pack(x, random.integers(0, 256, x.shape[:3]), random)
    found = run_tensors([(video_caps(name, *SIZE), buffers_of(data))], x.shape, statistics, scope)
    check_float32(found, in_batches(Reference("zscore", statistics, scope, 8), x, BATCH))


@pytest.mark.parametrize("statistics, scope", SETTINGS)
@pytest.mark.parametrize("name", [n for n in NAMES if TWINS[n].is_whole])
def test_deep_tensors(name, statistics, scope):
    form = TWINS[name]
    samples, alpha = make_deep_frames(name, SIZE, 3 * BATCH)
    x = np.stack([samples[letter] for letter in form.channels], axis=-1)
    found = run_tensors(deep_source(name, SIZE, samples, alpha), x.shape, statistics, scope)
    check_float32(found, in_batches(Reference("zscore", statistics, scope, form.depth), x, BATCH))


@pytest.mark.parametrize("statistics, scope", [("frame", "channel"), ("running", "channel"), ("running", "pixel")])
@pytest.mark.parametrize("name", [name for name in NAMES if TWINS[name].twin])
def test_video(name, statistics, scope):
    """8-bit video of the same kind: also where U and V are smaller, and with alpha, which passes."""
    form = TWINS[name]
    samples, alpha = make_deep_frames(name, SIZE, 6)
    found = run(pipeline("video/x-raw", statistics=statistics, scope=scope), deep_source(name, SIZE, samples, alpha))
    twin = DeepPlaces(form.twin, *SIZE)
    codes = twin.unpack(np.frombuffer(b"".join(bytes_of(found)), np.uint8).reshape(6, twin.size))
    exact = form.depth == 8 and scope == "channel"
    for letter in form.channels:
        x = samples[letter][..., None]
        y = in_batches(Reference("zscore", statistics, scope, form.depth), x, 1)[..., 0]
        check_codes(codes[letter], (y + 4) * 32, 0, 255, 1e-9 if exact else 1e-3)
    if "A" in codes:
        assert (codes["A"] == np.rint(alpha * 255 / form.largest)).all()


def test_a_pool_of_two_buffers():
    """Who has few buffers must get them back while a batch is collected: this would stand still otherwise."""
    line = ("videotestsrc num-buffers=40 ! video/x-raw,format=RGB,width=64,height=48 ! identity name=narrow ! "
            "pixelnorm statistics=batch scope=channel batch-size=8 ! appsink name=out sync=false wait-on-eos=false")
    pipe = Gst.parse_launch(line)

    def narrow(pad, info):
        query = info.get_query()
        if query.type == Gst.QueryType.ALLOCATION:
            caps, _ = query.parse_allocation()
            pool, size = Gst.BufferPool.new(), 64 * 48 * 3
            config = pool.get_config()
            Gst.BufferPool.config_set_params(config, caps, size, 2, 2)
            pool.set_config(config)
            query.add_allocation_pool(pool, size, 2, 2)
            return Gst.PadProbeReturn.HANDLED
        return Gst.PadProbeReturn.OK

    pipe.get_by_name("narrow").get_static_pad("sink").add_probe(Gst.PadProbeType.QUERY_DOWNSTREAM, narrow)
    pipe.set_state(Gst.State.PLAYING)
    message = pipe.get_bus().timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    tensors = 0
    while pipe.get_by_name("out").try_pull_sample(0):
        tensors += 1
    pipe.set_state(Gst.State.NULL)
    assert message and message.type == Gst.MessageType.EOS and tensors == 5


def test_meta_in_python():
    """What was used can be read, and y x std + mean is the frame again."""
    random = np.random.default_rng(1)
    x = random.integers(0, 256, (2 * BATCH, 4, 4, 3)).astype(np.uint8)
    samples = run(pipeline("other/tensors,types=float32", statistics="frame", scope="channel", batch_size=BATCH),
                  [(video_caps("RGB", 4, 4), buffers_of(x.reshape(len(x), -1)))])
    for i, sample in enumerate(samples):
        buffer, meta = sample.get_buffer(), None
        meta = buffer.get_custom_meta("PixelnormMeta").get_structure()
        assert meta.get_string("statistics") == "frame" and meta.get_uint("frames")[1] == BATCH
        words = meta.to_string()
        mean, std = (np.array([float(w.split(")")[-1]) for w in words.split(f"{field}=(double)<")[1].split(">")[0].split(",")])
                     for field in ("mean", "std"))
        y = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), "<f4").reshape(BATCH, 4, 4, 3)
        back = y * std.reshape(BATCH, 1, 1, 3) + mean.reshape(BATCH, 1, 1, 3)
        assert np.abs(back - x[i * BATCH:(i + 1) * BATCH]).max() < 1e-3


@pytest.fixture(scope="module", autouse=True)
def _tell_what_was_walked():
    yield
    tell("walked", f"test_numbers_sources: {walked['streams']} streams")
