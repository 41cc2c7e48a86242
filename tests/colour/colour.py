# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of docs/colour.md, measured: converters against exact arithmetic on noise; decoders of training against pixelnorm
behind GStreamer's; what is lost where a scaler stands before, and what each order takes."""
import argparse
import importlib.util
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction

import numpy as np

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "lib"), str(TOP / "src" / "python")]

from gst_launch import make  # noqa: E402

STREET = TOP / "build" / "vtest.avi"
WIDTH, HEIGHT, N = 640, 480, 8
BLOCK = 16  # pixels a side that share one U and V: inside, every interpolation of chroma gives the same
PLAIN = "videoconvert ! video/x-raw,format=RGB"
CODES = "pixelnorm method=fixed mean=<0> std=<1> quant-scale=1 quant-zero-point=0"  # y = x
OURS = f"{CODES} ! other/tensors,types=uint8"


def markdown(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] + ["--:"] * (len(head) - 1), *rows]) + "\n"


def rgb_of(line, width, height, elements=None, folder=None):
    """What comes of a pipeline: uint8 [N, height, width, 3]. Through pixelnorm, unless other elements are given."""
    make(f"-q {line} ! {elements or OURS} ! filesink location=out.rgb", folder)
    return read(folder / "out.rgb", width, height)


def read(path, width, height):
    found = np.fromfile(path, np.uint8)
    path.unlink()
    return found.reshape(-1, height, width, 3)


def difference(found, exact):
    """Cells: the mean of R, G and B, and the largest."""
    d = found.astype(int) - exact
    return [f"{mean:+.2f}" if round(mean, 2) else "0" for mean in d.reshape(-1, 3).mean(0)] + [str(abs(d).max())]


# --- converters, on noise

def exact_rgb(y, u, v, matrix, full):
    """H.273 in integers: codes, half up, before they are clipped."""
    red, blue = {"bt601": (Fraction("0.299"), Fraction("0.114")), "bt709": (Fraction("0.2126"), Fraction("0.0722"))}[matrix]
    green = 1 - red - blue
    luma, chroma = (Fraction(1), Fraction(1)) if full else (Fraction(255, 219), Fraction(255, 224))
    rows = [(0, 2 * (1 - red)), (-2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green), (2 * (1 - blue), 0)]
    codes = []
    for cb, cr in rows:
        terms = [luma, chroma * cb, chroma * cr]
        whole = int(np.lcm.reduce([term.denominator for term in terms]))
        a, b, c = (int(term * whole) for term in terms)
        codes.append((2 * (a * (y - (0 if full else 16)) + b * (u - 128) + c * (v - 128)) + whole) // (2 * whole))
    return np.stack(codes, -1)


def noise(matrix, full):
    """Frames [N, rows, columns] of I420 and NV12, what they are exactly, and where that can be compared."""
    random = np.random.default_rng(20261127)
    blocks = (N, HEIGHT // BLOCK, WIDTH // BLOCK)
    u, v = (random.integers(64, 192, blocks).repeat(BLOCK, 1).repeat(BLOCK, 2) for _ in "uv")
    y = random.integers(16, 236, (N, HEIGHT, WIDTH))
    exact = exact_rgb(y, u, v, matrix, full)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside.reshape(HEIGHT // BLOCK, BLOCK, WIDTH // BLOCK, BLOCK)[:, 4:-4, :, 4:-4] = True
    kept = inside & ((exact > 0) & (exact < 255)).all(-1)
    small = [plane[:, ::2, ::2].astype(np.uint8) for plane in (u, v)]
    planes = [y.astype(np.uint8).reshape(N, -1), *(plane.reshape(N, -1) for plane in small)]
    frames = {"I420": np.concatenate(planes, 1), "NV12": np.concatenate([planes[0], np.stack(planes[1:], -1).reshape(N, -1)], 1)}
    return frames, exact, kept


def by_gstreamer(elements):
    def convert(name, matrix, full, folder):
        colorimetry = "1:4:0:0" if full else matrix
        site = ",chroma-site=jpeg" if full else ""
        return rgb_of(f"filesrc location=in.yuv blocksize={WIDTH * HEIGHT * 3 // 2} ! video/x-raw,format={name},width={WIDTH},"
                      f"height={HEIGHT},framerate=30/1,colorimetry={colorimetry}{site}", WIDTH, HEIGHT, elements, folder)
    return convert


def by_ffmpeg(flags):
    def convert(name, matrix, full, folder):
        layout = {"I420": "yuv420p", "NV12": "nv12"}[name]
        scale = f"scale=in_color_matrix={matrix}:in_range={'full' if full else 'limited'}{flags}"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", layout, "-s", f"{WIDTH}x{HEIGHT}", "-i", "in.yuv",
                        "-vf", scale, "-f", "rawvideo", "-pix_fmt", "rgb24", "-y", "out.rgb"], cwd=folder, check=True)
        return read(folder / "out.rgb", WIDTH, HEIGHT)
    return convert if shutil.which("ffmpeg") else None


def by_opencv(name, matrix, full, folder):
    import cv2
    if matrix != "bt601" or full:
        return None  # it knows no other
    frames = np.fromfile(folder / "in.yuv", np.uint8).reshape(N, HEIGHT * 3 // 2, WIDTH)
    return np.stack([cv2.cvtColor(frame, getattr(cv2, f"COLOR_YUV2RGB_{name}")) for frame in frames])


def converters(folder):
    methods = {"`videoconvert`": by_gstreamer(PLAIN), "FFmpeg's swscale": by_ffmpeg(""),
               "swscale, `accurate_rnd+full_chroma_int`": by_ffmpeg(":flags=accurate_rnd+full_chroma_int"),
               "OpenCV's `cvtColor`": by_opencv if importlib.util.find_spec("cv2") else None, "pixelnorm": by_gstreamer(None)}
    rows = []
    for method, convert in methods.items():
        found = {}  # what gave these cells
        for matrix, full in [("bt601", False), ("bt709", False), ("bt601", True)] if convert else []:
            frames, exact, kept = noise(matrix, full)
            for name, data in frames.items():
                data.tofile(folder / "in.yuv")
                rgb = convert(name, matrix, full, folder)
                if rgb is not None:
                    cells = tuple(difference(rgb[kept], exact[kept]))
                    found.setdefault(cells, {}).setdefault(f"full range {matrix}" if full else matrix, []).append(name)
        for cells, by_matrix in found.items():
            names = {" and ".join(names) for names in by_matrix.values()}
            rows.append([method, f"{', '.join(by_matrix)} of {names.pop()}", *cells])
    return markdown(["converter", "of", "mean error R", "G", "B", "largest"], rows)


# --- what training may have used

def compared(name, found, exact):
    equal = (found == exact).mean()
    return [name, f"{100 * equal:.{2 if equal < .999 else 4}f} %" if equal < 1 else "all", *difference(found, exact)]


COMPARED = ["decoder", "equal samples", "mean difference R", "G", "B", "largest"]


ISLOW = "jpegdec idct-method=islow"
DECODERS = {f"`{ISLOW} ! pixelnorm`": (ISLOW, None), "`avdec_mjpeg ! pixelnorm`": ("avdec_mjpeg", None),
            "`jpegdec ! pixelnorm` (`ifast`, its default)": ("jpegdec", None),
            f"`{ISLOW} ! pixelnorm chroma=nearest`": (ISLOW, f"{CODES} chroma=nearest ! other/tensors,types=uint8"),
            f"`{ISLOW} ! videoconvert`": (ISLOW, PLAIN)}


def street(folder, n):
    """Frames of the street, as RGB, from which files are made."""
    return rgb_of(f"uridecodebin3 uri={STREET.as_uri()} ! identity eos-after={n + 1}", 768, 576, None, folder)[:n]


def stills(folder):
    """Pictures that Pillow wrote: every decoder against Pillow's."""
    from PIL import Image
    frames, rows = street(folder, N), []
    for sampling in ["4:2:0", "4:4:4"]:
        place = folder / sampling.replace(":", "")
        place.mkdir()
        paths = [place / f"{i}.jpg" for i in range(N)]
        for path, frame in zip(paths, frames):
            Image.fromarray(frame).save(path, quality=95, subsampling=sampling)
        pillow = np.stack([np.asarray(Image.open(path)) for path in paths])
        decoders = DECODERS if sampling == "4:2:0" else {name: DECODERS[name] for name in list(DECODERS)[:2]}
        for name, (decoder, elements) in decoders.items():
            line = f"multifilesrc location=%d.jpg stop-index={N - 1} caps=image/jpeg,framerate=30/1 ! jpegparse ! {decoder}"
            rows.append(compared(f"{name}, of {sampling}", rgb_of(line, 768, 576, elements, place), pillow))
        others = {"OpenCV's `imread`": by_imread, "torchvision's `read_image`": by_torchvision, "DALI, on the processor": by_dali}
        for name, decode in others.items() if sampling == "4:2:0" else []:
            found = decode(paths)
            if found is not None:
                rows.append(compared(f"{name}, of {sampling}", found, pillow))
    return markdown(COMPARED, rows)


def by_imread(paths):
    if importlib.util.find_spec("cv2"):
        import cv2
        return np.stack([cv2.imread(str(path))[..., ::-1] for path in paths])


def by_torchvision(paths):
    if importlib.util.find_spec("torchvision"):
        import torchvision
        return np.stack([torchvision.io.read_image(str(path)).permute(1, 2, 0).numpy() for path in paths])


def by_dali(paths):
    """In a Python of its own: DALI_PYTHON, where that is set."""
    python = os.environ.get("DALI_PYTHON")
    if not python:
        return None
    code = """import sys, numpy
from nvidia.dali import fn, pipeline_def, types
@pipeline_def(batch_size=1, num_threads=1, device_id=None)
def decode():
    return fn.decoders.image(fn.readers.file(files=sys.argv[2:])[0], device="cpu", output_type=types.RGB)
pipeline = decode()
pipeline.build()
numpy.save(sys.argv[1], numpy.stack([pipeline.run()[0].as_array()[0] for _ in sys.argv[2:]]))"""
    subprocess.run([python, "-c", code, paths[0].with_suffix(".npy"), *paths], check=True)
    return np.load(paths[0].with_suffix(".npy"))


def videos(folder):
    """H.264 of bt709, which says so: every decoder against pixelnorm behind GStreamer's, whose Y, U and V are the same."""
    width, height = 1280, 720
    street(folder, N).tofile(folder / "street.raw")
    make(f"-q filesrc location=street.raw ! rawvideoparse format=rgb width=768 height=576 framerate=10/1 ! videoconvert ! videoscale ! "
         f"video/x-raw,format=I420,width={width},height={height},colorimetry=bt709 ! x264enc bframes=0 ! h264parse ! matroskamux ! "
         "filesink location=street.mkv", folder)
    line = "filesrc location=street.mkv ! matroskademux ! h264parse ! avdec_h264"
    ours = rgb_of(line, width, height, None, folder)
    rows = [compared("`avdec_h264 ! videoconvert`", rgb_of(line, width, height, PLAIN, folder), ours)]
    if importlib.util.find_spec("cv2"):
        import cv2
        capture, frames = cv2.VideoCapture(str(folder / "street.mkv")), []
        while (found := capture.read())[0]:
            frames.append(found[1][..., ::-1])
        rows.append(compared("OpenCV's `VideoCapture`", np.stack(frames), ours))
    if shutil.which("ffmpeg"):
        for flags in ["", ":flags=accurate_rnd+full_chroma_int"]:
            subprocess.run(["ffmpeg", "-v", "error", "-i", "street.mkv", "-vsync", "passthrough", "-vf", f"scale=in_color_matrix=auto{flags}", "-f", "rawvideo",
                            "-pix_fmt", "rgb24", "-y", "out.rgb"], cwd=folder, check=True)
            rows.append(compared(f"`ffmpeg{' -vf scale' + flags.replace(':', '=') if flags else ''} -pix_fmt rgb24`",
                                 read(folder / "out.rgb", width, height), ours))
    return markdown(COMPARED, rows)


# --- scalers before

def sizes(folder):
    """Bars of 1080p, bt709, scaled and boxed to 224x224: where the caps keep saying so, and where an element loses it."""
    bars = "videotestsrc num-buffers=1 ! video/x-raw,format=I420,width=1920,height=1080,colorimetry=bt709 ! "
    make(f"-q {bars} filesink location=bars.i420", folder)
    unsaid = "filesrc location=bars.i420 blocksize=3110400 ! video/x-raw,format=I420,width=1920,height=1080,framerate=30/1 ! "
    scale = "videoscale ! video/x-raw,width=224,height={}{}"
    boxed = bars + scale.format(126, ",colorimetry=bt709") + " ! videobox top=-49 bottom=-49"
    lines = {"exact": unsaid + scale.format(224, ",colorimetry=bt709"), "`videoscale`, no colorimetry in the caps": unsaid + scale.format(224, ""),
             "`videobox`": boxed, "`videobox ! video/x-raw,colorimetry=bt709`": boxed + " ! video/x-raw,colorimetry=bt709"}
    frames = [rgb_of(line, 224, 224, None, folder)[0] for line in lines.values()]
    colours = ["white", "yellow", "cyan", "green", "magenta", "red", "blue"]
    rows = [[colour, *(" ".join(map(str, frame[80, 16 + 32 * i])) for frame in frames)] for i, colour in enumerate(colours)]
    return markdown(["bar", *lines], rows)


def orders(folder):
    """Time of the processor a frame, 1080p of NV12 to float32 of 640x640."""
    source = "videotestsrc num-buffers=1 ! video/x-raw,format=NV12,width=1920,height=1080,colorimetry=bt709 ! imagefreeze num-buffers={} ! "
    ends = "pixelnorm method=fixed layout=nchw ! other/tensors,types=float32 ! fakesink"
    size = "width=640,height=640"
    lines = {"`videoscale ! ...,width=640,height=640,colorimetry=bt709 ! pixelnorm`":
             f"videoscale n-threads=1 ! video/x-raw,format=NV12,{size},colorimetry=bt709 ! {ends}",
             "`videoconvert ! videoscale ! ...,format=RGB,width=640,height=640 ! pixelnorm`":
             f"videoconvert n-threads=1 ! video/x-raw,format=RGB ! videoscale n-threads=1 ! video/x-raw,{size} ! {ends}"}
    rows = []
    for name, line in lines.items():
        taken = []
        for _ in range(5):
            seconds = [processor_time("-q " + source.format(n) + line, folder) for n in (20, 120)]
            taken.append(10 * (seconds[1] - seconds[0]))  # ms a frame
        rows.append([name, f"{sorted(taken)[2]:.1f}"])
    return markdown(["line", "ms a frame"], rows)


def processor_time(line, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    make(line, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# --- the picture

def draw(folder, path):
    """The mean image of the street without a converter and behind one, and what lies between, channel by channel."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import pixelnorm
    means = []
    for name, elements in [("exact", ""), ("converted", f"{PLAIN} ! ")]:
        make(f"-q uridecodebin3 uri={STREET.as_uri()} ! {elements}pixelstats location={name}.safetensors ! fakesink", folder)
        means.append(pixelnorm.Profile.load(folder / f"{name}.safetensors").mean())
    figure, axes = plt.subplots(1, 4, figsize=(13, 2.6), layout="constrained")
    axes[0].imshow(np.rint(means[0]).astype(np.uint8))
    axes[0].set_title("mean image, no converter", fontsize=9)
    for channel, axis in enumerate(axes[1:]):
        d = (means[1] - means[0])[..., channel]
        shown = axis.imshow(d, cmap="Blues_r", vmin=-6, vmax=0)
        axis.set_title(f"{['red', 'green', 'blue'][channel]}: videoconvert − exact, mean {d.mean():+.2f}", fontsize=9)
    for axis in axes:
        axis.set_axis_off()
    figure.colorbar(shown, ax=axes, label="code values", pad=.01)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=62, metadata={"Software": None}, pil_kwargs={"optimize": True})


TABLES = {"converters": converters, "stills": stills, "videos": videos, "sizes": sizes, "orders": orders}


def main():
    parser = argparse.ArgumentParser(prog="tests/colour/run", description=__doc__)
    parser.add_argument("--docs", action="store_true", help="put tables and picture into docs")
    parser.add_argument("--only", choices=[*TABLES, "picture"], help="one of them")
    options = parser.parse_args()
    if not STREET.exists():
        sys.exit(f"There is no {STREET}; pipelines/quickstart fetches it.")
    page = TOP / "docs" / "colour.md"
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in TABLES.items():
            if options.only not in (None, name):
                continue
            table = measure(pathlib.Path(folder))
            print(f"{name}\n\n{table}", flush=True)
            if options.docs:
                text = page.read_text()
                fresh = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", lambda found: f"{found[1]}\n{table}\n{found[2]}",
                               text, flags=re.S)
                page.write_text(fresh)
        if options.only in (None, "picture"):
            draw(pathlib.Path(folder), TOP / "docs" / "colour" / "street.png" if options.docs else TOP / "build" / "street.png")


if __name__ == "__main__":
    main()
