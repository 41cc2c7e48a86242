# SPDX-License-Identifier: LGPL-2.1-or-later
"""Readers of what pixelprofile export writes: the files -> y as the other software computes it.

Written from the documentation and sources of that software, none of it ours. A reader is called with

  files   the contents of the files, the first one first
  want    what else they must say: channels, color (rgb, bgr, gray), layout, height, width, scope, method, frames,
          identity
  exact   the true y, for what is laid onto 8-bit video first

and gives y for every code value and sample, [256, height, width, channels] in the order of the model. It fails where a field
is missing, has another value or is not known.
"""
import configparser
import json
import re
import xml.etree.ElementTree

import numpy as np
import pytest

CODES = np.arange(256).reshape(-1, 1, 1, 1)
MODEL, TENSOR = "resnet.onnx", "data_0"


def evaluate(mean, scale):
    return (CODES - np.asarray(mean, float)) * np.asarray(scale, float)


def numbers(text):
    return [float(word) for word in re.findall(r"[-+0-9.e]+", text)]


def read_ini(text):
    parser = configparser.ConfigParser(strict=True, interpolation=None)
    parser.read_string(text)
    return {name: dict(parser[name]) for name in parser.sections()}


def read_ppm(data, want):
    header = b"P6\n%d %d\n255\n" % (want["width"], want["height"])
    assert data.startswith(header)
    shape = (want["height"], want["width"], want["channels"])
    return np.frombuffer(data[len(header):], np.uint8).reshape(shape)  # neither more nor fewer bytes


def video_of(exact, low, high):
    """What pixelnorm's 8-bit video of [low, high] says of y."""
    return np.clip(np.rint((exact - low) * 255 / (high - low)), 0, 255)


def dims_match(dims, model):
    """modelinfo.c: below 0 fits everything, and an open dimension (None) fits nothing else."""
    return len(dims) == len(model) and all(said < 0 or said == size for said, size in zip(dims, model))


def read_modelinfo(files, want, exact):
    text = files[0].decode()
    sections = read_ini(text)
    assert list(sections) == ["modelinfo", TENSOR]
    assert sections["modelinfo"] == {"version": "1.0", "group-id": MODEL}
    tensor = sections[TENSOR]
    ranges = [numbers(pair) for pair in tensor.pop("ranges").split(";")]
    channels, height, width = want["channels"], want["height"], want["width"]
    dims = [int(word) for word in tensor.pop("dims").split(",")]
    shape = (channels, height, width) if want["layout"] == "nchw" else (height, width, channels)
    for batch in (1, None):  # the model's: one frame, or open
        assert dims_match(dims, [batch, *shape])
    assert not dims_match(dims, [1, *shape[::-1]]) and not dims_match(dims, [1, *shape, 1])
    assert tensor == {"id": TENSOR, "type": "float32", "dir": "input"}
    assert [len(pair) for pair in ranges] == [2] * channels
    low, high = np.array(ranges).T
    codes = CODES
    if want["scope"] == "pixel":
        assert (low == low[0]).all() and (high == high[0]).all()
        line = re.match(r"# .*: pixelnorm location=PROFILE scope=pixel method=(\S+) range-low=(\S+) range-high=(\S+)\n",
                        text)
        assert line[1] == want["method"] and [float(line[2]), float(line[3])] == ranges[0]
        codes = video_of(exact, low[0], high[0])
    return codes * (high - low) / 255 + low


FLOAT32 = np.finfo(np.float32)


def float_of(text):
    """What std::stof takes: it throws at what is no number, too large or too small for a float32."""
    value = float(re.match(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text)[0])
    assert value == 0 or FLOAT32.tiny <= abs(value) <= FLOAT32.max
    return value


def list_of(text, n):
    """Split at every semicolon, also at one behind the last number."""
    values = [float_of(part) for part in text.split(";")]
    assert len(values) == n
    return values


def deepstream(keys, scale, offsets, files, want):
    assert np.float32(keys[scale]) > 0  # else neither the factor nor the offsets are taken
    if want["scope"] == "pixel":
        assert offsets not in keys and keys["mean-file"] == "out-mean.ppm"
        return evaluate(read_ppm(files[1], want), float(keys[scale]))
    assert "mean-file" not in keys and len(files) == 1
    return evaluate(list_of(keys[offsets], want["channels"]), float(keys[scale]))


def read_nvinfer(files, want, exact):
    sections = read_ini(files[0].decode())
    keys = sections.pop("property")
    assert not sections
    assert keys["onnx-file"] == MODEL
    assert keys["infer-dims"] == "{channels};{height};{width}".format(**want)
    assert keys["network-input-order"] == {"nchw": "0", "nhwc": "1"}[want["layout"]]
    assert keys["model-color-format"] == {"rgb": "0", "bgr": "1", "gray": "2"}[want["color"]]
    return deepstream(keys, "net-scale-factor", "offsets", files, want)


# what nvdspreprocess_property_parser.cpp demands of [property]
PREPROCESS_KEYS = {
    "processing-width", "processing-height", "network-input-order", "network-input-shape", "network-color-format",
    "tensor-data-type", "tensor-name", "custom-lib-path", "custom-tensor-preparation-function", "scaling-filter",
    "scaling-pool-memory-type"}


def read_nvdspreprocess(files, want, exact):
    sections = read_ini(files[0].decode())
    assert list(sections) == ["property", "user-configs", "group-0"]  # a group is read with what [property] said before
    keys, group = sections["property"], sections["group-0"]
    # of the keys that may be missing it wants these
    assert keys.pop("enable") == "1" and keys.pop("process-on-frame") == "1" and keys.pop("target-unique-ids") == "1"
    assert set(keys) == PREPROCESS_KEYS
    order = {"nchw": 0, "nhwc": 1}[want["layout"]]
    shape = [int(word) for word in keys["network-input-shape"].split(";")]
    assert int(keys["network-input-order"]) == order
    assert shape == [1, *((want["channels"], want["height"], want["width"]) if order == 0 else
                          (want["height"], want["width"], want["channels"]))]
    assert [int(keys[f"processing-{name}"]) for name in ("width", "height")] == [want["width"], want["height"]]
    color = int(keys["network-color-format"])
    assert color == {"rgb": 0, "bgr": 1, "gray": 2}[want["color"]] and want["channels"] == (1 if color == 2 else 3)
    assert keys["tensor-data-type"] == "0" and keys["tensor-name"] == TENSOR
    assert int(keys["scaling-filter"]) in range(7) and int(keys["scaling-pool-memory-type"]) in range(5)
    assert keys["custom-lib-path"].startswith("/") and keys["custom-lib-path"].endswith("/libcustom2d_preprocess.so")
    # functions that the library has
    assert keys["custom-tensor-preparation-function"] == "CustomTensorPreparation"
    assert group.pop("custom-input-transformation-function") in ("CustomTransformation", "CustomAsyncTransformation")
    # every source (-1), whole frames: otherwise it demands roi-params-src-N
    assert group == {"src-ids": "-1", "process-on-roi": "0", "draw-roi": "0"}
    configs = sections["user-configs"]
    assert float_of(configs["pixel-normalization-factor"])
    # the library refuses any other number than that of the channels, though it prints three
    assert "offsets" not in configs or configs["offsets"].count(";") == want["channels"] - 1
    return deepstream(configs, "pixel-normalization-factor", "offsets", files, want)


def read_nvinferserver(files, want, exact):
    match = re.fullmatch(r"""infer_config \{
  preprocess \{
    network_format: IMAGE_FORMAT_(\w+)
    tensor_order: TENSOR_ORDER_(\w+)
    tensor_name: "data_0"
    normalize \{
      scale_factor: (\S+)
      (channel_offsets: \[(.*)\]|mean_file: "out-mean.ppm")
    \}
  \}
\}
""", files[0].decode())
    assert match[1] == want["color"].upper()
    assert match[2] == {"nchw": "LINEAR", "nhwc": "NHWC"}[want["layout"]]
    mean = read_ppm(files[1], want) if want["scope"] == "pixel" else numbers(match[5])
    assert want["scope"] == "pixel" or len(mean) == want["channels"]
    assert float(match[3]) > FLOAT32.eps  # infer_proto_utils.cpp puts 1 in the place of what it takes for 0
    return evaluate(mean, float(match[3]))


def gva(mean, std):
    """inference_impl.cpp: three of each, read as parts of 255, and given on with six decimals of a code value."""
    assert len(mean) == len(std) == 3
    assert all(float(f"{255 * value:f}") > 0 for value in std)
    return (CODES / 255 - mean) / std


def read_dlstreamer(files, want, exact):
    content = json.loads(files[0])
    assert list(content) == ["json_schema_version", "input_preproc", "output_postproc"]
    assert content["json_schema_version"] == "2.2.0" and content["output_postproc"] == []
    [layer] = content["input_preproc"]
    params = layer.pop("params")
    assert layer == {"format": "image", "layer_name": TENSOR}
    mean, std = np.array(params.pop("mean")), np.array(params.pop("std"))
    assert params == {"color_space": want["color"].upper(), "range": [0, 1]}
    return gva(mean, std)


def model_info_of(data):
    root = xml.etree.ElementTree.fromstring(data)
    assert root.tag == "model_info" and all(list(child.attrib) == ["value"] and not len(child) for child in root)
    values = {child.tag: child.get("value") for child in root}
    assert len(values) == len(root)
    return values


def read_dlstreamer_info(files, want, exact):
    """model_api_converters.cpp and, for what it makes of three means and scales, inference_impl.cpp."""
    values = model_info_of(files[0])
    # it knows no exponents: 1e-05 would be two numbers
    mean, std = ([float(word) for word in re.findall(r"[-+]?\d*\.?\d+", values.pop(name))]
                 for name in ("mean_values", "scale_values"))
    assert values == {"color_space": want["color"].upper()} and want["color"] in ("rgb", "bgr")
    return gva(np.array(mean), np.array(std))


def read_openvino_info(files, want, exact):
    """types.py of Model API: lists are split at spaces, "True" and "YES" are true; utils.py: images are BGR."""
    values = model_info_of(files[0])
    mean, std = ([float(word) for word in values.pop(name).split()] for name in ("mean_values", "scale_values"))
    assert (values.pop("reverse_input_channels") in ("True", "YES")) == (want["color"] == "rgb") and not values
    assert len(mean) == len(std) == want["channels"] == 3
    return (CODES - mean) / std


def read_huggingface(files, want, exact):
    """rescale() and normalize() of image_transforms.py, in float64, and what validate_preprocess_arguments() demands."""
    keys = json.loads(files[0])
    assert keys.pop("image_processor_type") == "ViTImageProcessor"
    assert keys.pop("do_convert_rgb") == (want["color"] == "rgb")  # of a PIL image; of an array it takes the channels as they are
    assert keys.pop("do_resize") is True and keys.pop("size") == {"height": want["height"], "width": want["width"]}
    assert keys.pop("do_rescale") is True and keys.pop("do_normalize") is True
    factor, mean, std = keys.pop("rescale_factor"), keys.pop("image_mean"), keys.pop("image_std")
    assert not keys and len(mean) == len(std) == want["channels"] and want["color"] != "bgr"
    assert all(isinstance(number, float) for number in (factor, *mean, *std))
    return (CODES * factor - mean) / std


def read_tflite(files, want, exact):
    """Of metadata_schema.fbs: ModelMetadata with one subgraph, of one image and one other tensor. test_tflite_tools has flatc and
    TensorFlow's own tools read it."""
    model = json.loads(files[0])
    assert set(model) == {"subgraph_metadata"} and len(model["subgraph_metadata"]) == 1
    graph = model["subgraph_metadata"][0]
    assert set(graph) == {"input_tensor_metadata", "output_tensor_metadata"} and graph["output_tensor_metadata"] == [{}]
    [tensor] = graph["input_tensor_metadata"]
    assert set(tensor) == {"name", "content", "process_units"} and tensor["name"] == TENSOR
    assert tensor["content"] == {"content_properties_type": "ImageProperties", "content_properties": {
        "color_space": {"rgb": "RGB", "gray": "GRAYSCALE"}[want["color"]],
        "default_size": {"width": want["width"], "height": want["height"]}}}
    [unit] = tensor["process_units"]
    assert set(unit) == {"options_type", "options"} and unit["options_type"] == "NormalizationOptions"
    mean, std = unit["options"]["mean"], unit["options"]["std"]
    assert len(unit["options"]) == 2 and len(mean) == len(std) == want["channels"]
    assert np.isfinite(np.float32(mean)).all() and np.isfinite(np.float32(std)).all() and (np.float32(std) >= FLOAT32.tiny).all()
    return (CODES - np.array(mean)) / np.array(std)


def read_nnstreamer(files, want, exact):
    number = r"-?[0-9]+\.[0-9]+(?:e[-+][0-9]+)?"  # without a point or exponent it would be an integer
    words = re.fullmatch(r"tensor_transform mode=arithmetic option=(\S+)\n", files[0].decode())[1].split(",")
    dimension = {"nhwc": "0", "nchw": "2"}[want["layout"]]
    assert words[:2] == ["typecast:float32", f"per-channel:true@{dimension}"]
    assert len(words) == 2 + 2 * want["channels"]
    add, div = ([re.fullmatch(rf"{name}:({number})@(\d)", word) for word in words[2:] if word.startswith(name)]
                for name in ("add", "div"))
    for operators in (add, div):
        assert [int(operator[2]) for operator in operators] == list(range(want["channels"]))
    y = CODES + np.array([float(operator[1]) for operator in add])
    return y / np.array([float(operator[1]) for operator in div])


def read_torchvision(files, want, exact):
    match = re.fullmatch(r"transforms\.Normalize\(mean=\[(.*)\], std=\[(.*)\]\)\n", files[0].decode())
    assert len(numbers(match[1])) == len(numbers(match[2])) == want["channels"]
    assert np.float32(numbers(match[2])).all()  # functional.normalize refuses what is 0 in float32
    return (CODES / 255 - numbers(match[1])) / numbers(match[2])


def read_keras(files, want, exact):
    match = re.fullmatch(r"keras\.layers\.Normalization\(axis=(-?1), mean=\[(.*)\], variance=\[(.*)\]\)\n",
                         files[0].decode())
    assert match[1] == {"nhwc": "-1", "nchw": "1"}[want["layout"]]
    return (CODES - numbers(match[2])) / np.maximum(np.sqrt(numbers(match[3])), 1e-7)


def read_opencv(files, want, exact):
    match = re.fullmatch(r"cv2\.dnn\.Image2BlobParams\(scalefactor=\[(.*)\], size=\[(\d+), (\d+)\], mean=\[(.*)\], "
                         r"swapRB=(True|False), ddepth=cv2\.CV_32F, datalayout=(\d)\)  # (\w+)\n",
                         files[0].decode())
    assert [int(match[2]), int(match[3])] == [want["width"], want["height"]]
    # DNN_LAYOUT_NCHW and DNN_LAYOUT_NHWC, in OpenCV 4 of cv2.dnn and in 5 of cv2
    assert int(match[6]) == {"nchw": 2, "nhwc": 4}[want["layout"]] and match[7] == want["layout"].upper()
    # one a channel: what is missing of its four numbers is 0
    assert len(numbers(match[1])) == len(numbers(match[4])) == want["channels"]
    # OpenCV's images are BGR; with swapRB it turns mean and scalefactor round, computes, and turns the channels round
    assert match[5] == str(want["color"] == "rgb")
    return evaluate(numbers(match[4]), numbers(match[1]))


def read_openvino(files, want, exact):
    match = re.fullmatch(r'ppp\.input\(\)\.tensor\(\)\.set_element_type\(Type\.u8\)\.set_layout\(Layout\("(\w+)"\)\)'
                         r"\.set_color_format\(ColorFormat\.(\w+)\)\n"
                         r"ppp\.input\(\)\.preprocess\(\)\.convert_element_type\(Type\.f32\)"
                         r"\.mean\(\[(.*)\]\)\.scale\(\[(.*)\]\)\n", files[0].decode())
    assert match[1] == want["layout"].upper() and match[2] == want["color"].upper()
    return (CODES - numbers(match[3])) / numbers(match[4])


def read_qualcomm(files, want, exact):
    match = re.fullmatch(r'qtimlvconverter mean="<(.*)>" sigma="<(.*)>"\n', files[0].decode())
    for word in (match[1] + ", " + match[2]).split(", "):
        assert "." in word or "e" in word  # GStreamer would take it as an integer
        assert 0 <= float(word) <= 255  # the range of both properties (ml-video-converter.c)
    assert len(numbers(match[1])) == len(numbers(match[2])) == want["channels"]
    return evaluate(numbers(match[1]), numbers(match[2]))


def read_ti(files, want, exact):
    words = files[0].decode().split()
    assert words[0] == "tiovxdlpreproc"
    keys = dict(word.split("=") for word in words[1:])
    mean, scale = ([float(keys.pop(f"{name}-{i}")) for i in range(3)] for name in ("mean", "scale"))
    assert keys == {"data-type": "float32", "channel-order": want["layout"], "tensor-format": want["color"]}
    # the ranges of the properties (gsttiovxdlpreproc.cpp, gsttidlpreproc.cpp)
    assert all(0 <= value <= 255 for value in mean) and all(0 <= value <= 1 for value in scale)
    return evaluate(mean, scale)


def read_hailo(files, want, exact):
    match = re.fullmatch(r"normalization1 = normalization\(\[(.*)\], \[(.*)\]\)\n", files[0].decode())
    return (CODES - numbers(match[1])) / numbers(match[2])


def read_rknn(files, want, exact):
    match = re.fullmatch(r"rknn\.config\(mean_values=\[\[(.*)\]\], std_values=\[\[(.*)\]\]\)\n", files[0].decode())
    return (CODES - numbers(match[1])) / numbers(match[2])


def read_protobuf(data):
    """Varints and byte strings, by field."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        value = varint()
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        fields[key >> 3] = value
    return fields


def read_caffe(files, want, exact):
    text = files[0].decode()
    match = re.fullmatch(r"transform_param \{\n  scale: (\S+)\n((?:  mean_value: \S+\n)+|  mean_file: \"(.*)\"\n)\}\n", text)
    if want["scope"] != "pixel":
        return evaluate([float(word) for word in re.findall(r"mean_value: (\S+)", match[2])], float(match[1]))
    assert match[3] == "out-mean.binaryproto"
    blob = read_protobuf(files[1])  # num, channels, height, width, data of caffe.proto's BlobProto
    assert [blob[i] for i in (1, 2, 3, 4)] == [1, want["channels"], want["height"], want["width"]]
    mean = np.frombuffer(blob[5], "<f4").reshape(want["channels"], want["height"], want["width"])
    return evaluate(np.moveaxis(mean, 0, -1), float(match[1]))


def from_layout(array, want):
    array = np.asarray(array)
    if want["scope"] == "pixel" or array.ndim == 3:
        array = np.moveaxis(array, 0, -1) if want["layout"] == "nchw" else array
    shape = (want["height"], want["width"]) if want["scope"] == "pixel" else (1, 1)
    assert array.shape in [(*shape, want["channels"]), (want["channels"],)][:1 if want["scope"] == "pixel" else 2]
    return array


def names_of(want):
    return {"rgb": "RGB", "bgr": "BGR", "gray": "Y"}[want["color"]]


def read_json(files, want, exact):
    content = json.loads(files[0])
    assert content["formula"] == "y = (x - mean) * scale"
    assert [content[name] for name in ("method", "scope", "layout", "min_deviation", "epsilon", "max_code")] == [
        want["method"], want["scope"], want["layout"], 1, 0, 255]
    assert content["channels"] == list(names_of(want))
    profile = content["profile"]
    assert [profile[name] for name in ("identity", "width", "height", "depth", "frames", "range", "matrix")] == [
        want["identity"], want["width"], want["height"], 8, len(want["frames"]), "full", None]
    for i, name in enumerate("RGB" if want["channels"] == 3 else "Y"):
        values = want["frames"][..., i]
        assert profile["statistics"][name] == {
            "count": values.size, "mean": pytest.approx(values.mean(), rel=1e-12),
            "std": pytest.approx(values.std(), rel=1e-12), "min": values.min(), "max": values.max()}
    return evaluate(from_layout(content["mean"], want), from_layout(content["scale"], want))


READERS = {name[5:].replace("_", "-"): function for name, function in list(globals().items())
           if name.startswith("read_") and name not in ("read_ini", "read_ppm", "read_protobuf")}
