# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network answers through our elements as it does in the training script, image by image.

The profile comes from pixelstats, the network is trained on tensors of pixelnorm, and a stream that is held back goes
through onnxinference and classifiertensordecoder. Two ways lead there: pixel-wise, 8-bit video of pixelnorm, which the
exported .modelinfo decodes; channel-wise the .modelinfo alone. PyTorch sees float32 tensors of pixelnorm.
"""
import os
import pathlib
import sys

import numpy as np
import pytest

import inference_help
from inference_help import DIGITS, ROWS, SOURCE, answers_of, codes_of, collect, export_modelinfo, tensors_of, write_frames
from reports import tell

if inference_help.WHY:
    pytest.skip(inference_help.WHY, allow_module_level=True)

import network  # noqa: E402
import tasks  # noqa: E402

# settings of pixelnorm, and of pixelprofile; pixels of digits that ink rarely reaches must not count most
SETTINGS = {
    ("discs", "pixel"): {"method": "mean-range", "scope": "pixel"},
    ("discs", "channel"): {"method": "zscore", "scope": "channel"},
    ("digits", "pixel"): {"method": "mean-range", "scope": "pixel", "min-deviation": "16",
                           "range-low": "-4.0", "range-high": "3.96875"},
    ("digits", "channel"): {"method": "zscore", "scope": "channel"}}
EPOCHS = {"discs": 3, "digits": 6}
LEAST = {("discs", "pixel"): 1.0, ("discs", "channel"): 1.0, ("digits", "pixel"): 0.9, ("digits", "channel"): 0.5}


class Trained:
    """A network, the stream that was held back, and all that lies beside them in a folder."""

    def __init__(self, folder, name, scope):
        task = tasks.discs() if name == "discs" else tasks.digits(DIGITS)
        self.folder, self.task, self.settings = folder, task, SETTINGS[name, scope]
        self.shape = (3, task.size, task.size)
        sources = [write_frames(folder / f"{part}.gray", getattr(task, part)) for part in ("train", "held")]
        self.held = sources[1]
        collect(sources[0], folder / "train.safetensors", folder)
        tensors = tensors_of(sources[0], self.words(), self.shape, folder)
        assert len(tensors) == len(task.train)
        self.network = network.train(tensors, task.train_labels, task.classes, EPOCHS[name])
        self.model = folder / "network.onnx"
        network.save(self.network, task.size, task.classes, self.model)
        arguments = [f"--{key}={value}" for key, value in self.settings.items()] + ["--layout=nchw"]
        self.ranges = export_modelinfo(folder / "train.safetensors", self.model, arguments, (1, task.classes), folder)
        self.tensors = tensors_of(self.held, self.words(), self.shape, folder)

    def words(self, **changes):
        settings = {**self.settings, **changes}
        return f"location={self.folder / 'train.safetensors'} " + " ".join(f"{k}={v}" for k, v in settings.items())

    def accuracy(self, logits):
        return (logits.argmax(1) == self.task.held_labels).mean()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The table of what was found is shown behind the results, and left in the build directory."""
    made = {}

    def get(name, scope):
        if (name, scope) not in made:
            made[name, scope] = Trained(tmp_path_factory.mktemp(f"{name}-{scope}"), name, scope)
        return made[name, scope]

    yield get
    table = inference_help.table(ROWS)
    tell("answers of networks", table)
    pathlib.Path(os.environ["PIXELNORM_BUILD"], "inference.md").write_text(table)


def note(name, scope, way, item, torch_logits, onnx_logits, answers):
    different = (answers.argmax(1) != torch_logits.argmax(1)).sum()
    ROWS.append((name, f"{scope}-wise, {item.settings['method']}", way, *(
        f"{item.accuracy(logits):.2%}" for logits in (torch_logits, onnx_logits, answers)),
        f"{np.abs(answers - torch_logits).max():.1e}", f"{different} of {len(answers)}"))
    return different


@pytest.mark.parametrize("name, scope", SETTINGS, ids=["-".join(key) for key in SETTINGS])
def test_onnxinference_answers_as_pytorch(trained, name, scope):
    item = trained(name, scope)
    torch_logits = network.answer(item.network, item.tensors)
    onnx_logits = network.run_onnx(item.model, item.tensors)
    scale = max(1, np.abs(torch_logits).max())
    assert np.abs(onnx_logits - torch_logits).max() <= 1e-5 * scale
    assert item.accuracy(torch_logits) >= LEAST[name, scope]

    seen, way, pipeline = item.tensors, "raw frames, .modelinfo", item.held
    if scope == "pixel":
        codes = codes_of(item.held, item.words(), item.shape, item.folder)
        low, high = item.ranges[0]
        seen = (codes * (high - low) / 255 + low).astype(np.float32)
        way = "8-bit video of pixelnorm, .modelinfo"
        pipeline += f" ! pixelnorm {item.words()} ! video/x-raw"
    tensors, labels = answers_of(f"{pipeline} ! onnxinference model-file={item.model} ! classifiertensordecoder",
                                 item.folder)
    answers = tensors.reshape(len(tensors), -1)
    different = note(name, scope, way, item, torch_logits, onnx_logits, answers)
    # the very numbers that came in: the same answer, and nothing but float32 between them
    same = network.answer(item.network, seen)
    assert len(answers) == len(item.task.held)
    assert np.abs(answers - same).max() <= 1e-5 * scale
    np.testing.assert_array_equal(labels, same.argmax(1).astype(str))
    # float32 tensors against what passed as 8 bits
    assert different == 0


def test_a_grafted_model_takes_raw_frames(trained):
    """The normalization as the first layers of the model, where no configuration can express one deviation per pixel."""
    if not (SOURCE / "src" / "python" / "pixelnorm" / "graft.py").exists():
        pytest.skip("there is no src/python here")
    sys.path.insert(0, str(SOURCE / "src" / "python"))
    import onnx
    from pixelnorm import Normalizer
    from pixelnorm.graft import graft
    item = trained("digits", "pixel")
    normalizer = Normalizer(item.folder / "train.safetensors", method="mean-range", scope="pixel", min_deviation=16)
    model = item.folder / "grafted.onnx"
    onnx.save(graft(onnx.load(item.model), normalizer), model)
    size, classes = item.task.size, item.task.classes
    model.with_name("grafted.onnx.modelinfo").write_text(
        f"[modelinfo]\nversion=1.0\ngroup-id={inference_help.OUTPUT_ID}\n\n"
        f"[input]\nid=input\ntype=uint8\ndims=1,{size},{size},3\ndir=input\nranges=0,255;0,255;0,255\n\n"
        f"[logits]\nid={inference_help.OUTPUT_ID}\ntype=float32\ndims=1,{classes}\ndir=output\n")
    torch_logits = network.answer(item.network, item.tensors)
    raw = np.repeat(item.task.held[..., None], 3, axis=3)
    onnx_logits = network.run_onnx(model, raw)
    tensors, labels = answers_of(f"{item.held} ! onnxinference model-file={model} ! classifiertensordecoder", item.folder)
    answers = tensors.reshape(len(tensors), -1)
    different = note("digits", "pixel", "raw frames, grafted model", item, torch_logits, onnx_logits, answers)
    limit = 1e-5 * max(1, np.abs(torch_logits).max())
    assert np.abs(onnx_logits - torch_logits).max() <= limit and np.abs(answers - torch_logits).max() <= limit
    np.testing.assert_array_equal(labels, torch_logits.argmax(1).astype(str))
    assert different == 0


def test_what_a_classic_mistake_costs(trained):
    """Mean pixel for mean image, and 0..1 for 0..255: the same network, which then guesses."""
    item = trained("digits", "pixel")
    right = item.accuracy(network.answer(item.network, item.tensors))
    pooled = tensors_of(item.held, item.words(scope="channel"), item.shape, item.folder)
    mean_pixel = item.accuracy(network.answer(item.network, pooled))
    frames = item.task.held
    dark = write_frames(item.folder / "units.gray", np.rint(frames / 255).astype(np.uint8))
    units = item.accuracy(network.answer(item.network, tensors_of(dark, item.words(), item.shape, item.folder)))
    inference_help.MISTAKES.update({"right": right, "mean pixel instead of mean image": mean_pixel,
                                    "samples of 0..1 instead of 0..255": units})
    assert mean_pixel < right - 0.1 and units < right - 0.5
