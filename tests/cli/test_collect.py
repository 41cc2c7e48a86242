# SPDX-License-Identifier: LGPL-2.1-or-later
"""pixelprofile collect: the numbers are numpy's over the images that Pillow wrote, whoever read which."""
import contextlib
import fcntl
import functools
import http.server
import io
import itertools
import os
import pathlib
import pty
import resource
import signal
import struct
import subprocess
import tarfile
import termios
import threading

import numpy as np
import pytest
from PIL import Image

from cli_help import ONE_FRAME, PRECIOUS, PROGRAM, Pixelnorm, load, pixelprofile, wait_for
from gst_launch import make
from pixelnorm import to_rgb

SIZE = (24, 40)
N = 30
collect = functools.partial(pixelprofile, "collect")


def frames_of(n, seed=1, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (n, *size, 3), np.uint8)


def save(path, frame):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(frame).save(path)
    return path


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """30 images, some in folders below; files that are none; links that lead in circles."""
    folder = tmp_path_factory.mktemp("images")
    for i, frame in enumerate(frames_of(N)):
        save(folder / ("." if i < 10 else f"below {i % 3}/é%") / f"{i:02}.png", frame)
    (folder / "notes.txt").write_text("no image")
    (folder / ".hidden.png").write_text("no image")
    (folder / "below 1" / "up").symlink_to(folder)
    (folder / "again.png").symlink_to(folder / "00.png")
    return folder


def image_of(profile, what):
    data = np.frombuffer(profile.get_image(what).get_data())
    return data.reshape(profile.get_height(), profile.get_width(), -1)


def expect_statistics(profile, values):
    for c in range(values.shape[-1]):
        found, channel = profile.get_statistics(c), values[..., c].astype(float)
        assert (found.count, found.min, found.max) == (channel.size, channel.min(), channel.max())
        assert (found.mean, found.std) == pytest.approx((channel.mean(), channel.std()), rel=1e-12)


def nothing_left(folder, *but):
    return {path.name for path in folder.iterdir()} == set(but)


def test_one_of_everything(tmp_path):
    """Its words are in the singular, here and where other commands count."""
    frame = save(tmp_path / "0.png", frames_of(1)[0])
    done = collect("a.safetensors", frame, cwd=tmp_path)
    identity = load(tmp_path / "a.safetensors").get_identity()
    assert done.stdout == f"a.safetensors: 1 frame of 1 file, identity {identity}\n"
    assert pixelprofile("verify", "a.safetensors", cwd=tmp_path).stdout == f"a.safetensors: sound, 1 frame, identity {identity}\n"
    assert pixelprofile("merge", "b.safetensors", "a.safetensors", cwd=tmp_path).stdout == f"b.safetensors: 1 frame, identity {identity}\n"
    assert pixelprofile("diff", "a.safetensors", "b.safetensors", cwd=tmp_path).stdout.startswith(
        "A  a.safetensors, 1 frame\nB  b.safetensors, 1 frame\n")


def test_gstreamers_words_end_in_a_full_stop(tmp_path):
    """Of this file it says "No valid frames decoded before end of stream"."""
    (tmp_path / "a.ppm").write_bytes(b"P3\n2 2\n255\n1 2 3 x")
    done = collect("a.safetensors", "a.ppm", cwd=tmp_path)
    said = done.stderr.splitlines()[0]
    assert done.returncode == 1 and '"a.ppm" is left out: ' in said
    assert [part[-1] for part in said.split(" If it is a picture")] == [".", "."] and ".." not in said, said


@pytest.mark.parametrize("options, n, warns", [([], 1, True), ([], 2, False), (["--scope=channel"], 1, False),
                                               (["--shard=1/1"], 1, False)])
def test_one_frame(tmp_path, options, n, warns):
    """Its pixels cannot vary. A shard is to be merged with others, so nothing is said."""
    for i, frame in enumerate(frames_of(n)):
        save(tmp_path / f"{i}.png", frame)
    done = collect(*options, "out.safetensors", tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ONE_FRAME if warns else "")


def test_pixel_scope(images, tmp_path):
    out = tmp_path / "out.safetensors"
    done = collect("--histogram", out, images)
    profile, frames = load(out), frames_of(N)
    assert done.returncode == 0
    assert done.stdout == f"{out}: {N} frames of {N} files, identity {profile.get_identity()}\n"
    assert done.stderr == "pixelprofile collect: Passed over in the folders: 1 other file.\n"
    expect_statistics(profile, frames)
    np.testing.assert_allclose(image_of(profile, Pixelnorm.Image.MEAN), frames.mean(0), rtol=1e-12)
    np.testing.assert_allclose(image_of(profile, Pixelnorm.Image.STD), frames.std(0), rtol=1e-9)
    histogram = np.frombuffer(profile.get_histogram(1).get_data(), "u8")
    assert (histogram == np.bincount(frames[..., 1].ravel(), minlength=256)).all()
    assert nothing_left(tmp_path, "out.safetensors")


@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_any_number_of_jobs_and_any_order(scope, images, tmp_path):
    names = sorted(images.rglob("[0-9]*.png"))
    identities = set()
    for i, (jobs, inputs) in enumerate([(1, [images]), (4, [images]), (3, names[::-1] + names)]):
        out = tmp_path / f"{i}.safetensors"
        assert collect("--scope", scope, "--jobs", jobs, out, *inputs).returncode == 0
        identities.add(load(out).get_identity())
    assert len(identities) == 1
    expect_statistics(load(out), frames_of(N))


def test_channel_scope_takes_any_size(images, tmp_path):
    odd = frames_of(1, 7, (5, 9))
    save(tmp_path / "odd.png", odd[0])
    assert collect("--scope=channel", tmp_path / "out", images, tmp_path / "odd.png").returncode == 0
    both = np.concatenate([frames_of(N).reshape(-1, 3), odd.reshape(-1, 3)])
    expect_statistics(load(tmp_path / "out"), both)


def test_sizes_that_differ(tmp_path):
    """The first in the order of names says how large; with --size all count, and a grey wall stays grey."""
    folder = tmp_path / "in"
    frames = frames_of(2)
    save(folder / "1.png", frames[0])
    save(folder / "2.png", np.full((7, 9, 3), 99, np.uint8))
    save(folder / "3.png", frames[1])
    for jobs in (1, 3):
        done = collect("--jobs", jobs, "--force", tmp_path / "out", folder)
        assert done.returncode == 3
        assert '2.png" is left out' in done.stderr and "9x7" in done.stderr and "40x24" in done.stderr
        assert "--size" in done.stderr and "1 of 3 files" in done.stderr
        expect_statistics(load(tmp_path / "out"), frames)
    save(folder / "1.png", np.full((11, 13, 3), 99, np.uint8))
    save(folder / "3.png", np.full((5, 60, 3), 99, np.uint8))
    assert collect("--force", "--size=16x12", tmp_path / "out", folder).returncode == 0
    profile = load(tmp_path / "out")
    assert (profile.get_width(), profile.get_height(), profile.get_frames()) == (16, 12, 3)
    assert [(s.min, s.max) for s in map(profile.get_statistics, range(3))] == [(99, 99)] * 3


def test_grey(tmp_path):
    """Of grey pictures; and of colours by the weights of BT.601, to a step of rounding."""
    frames = frames_of(3)
    frames[0] = frames[0][..., :1]
    for i, frame in enumerate(frames):
        save(tmp_path / "in" / f"{i}.png", frame)
    save(tmp_path / "in" / "flat.png", frames[0][..., 0])
    assert collect("--format=GRAY8", tmp_path / "out", tmp_path / "in").returncode == 0
    profile = load(tmp_path / "out")
    assert (profile.get_channels(), profile.get_frames()) == ("Y", 4)
    luma = np.concatenate([frames, frames[:1]]) @ [0.299, 0.587, 0.114]
    assert np.abs(image_of(profile, Pixelnorm.Image.MEAN)[..., 0] - luma.mean(0)).max() < 1


def test_mask_and_roi(images, tmp_path):
    mask = np.zeros(SIZE, np.uint8)
    mask[4:20, 10:] = 255
    save(tmp_path / "mask.png", mask)
    out = tmp_path / "out"
    done = collect("--mask", tmp_path / "mask.png", "--roi=5,6,20,30", "--roi=5,6,20,10", out, images)
    assert done.returncode == 0
    expect_statistics(load(out), frames_of(N)[:, 6:16, 10:25].reshape(N, -1, 3))


@pytest.mark.parametrize("scope", ["pixel", "channel"])
def test_no_frame_counts_that_the_roi_does_not_fit(scope, images, tmp_path):
    """Each one is left out, not only the first, also between others that it fits."""
    for i in range(3):
        save(tmp_path / "in" / f"small {i}.png", frames_of(1, 9, (8, 9))[0])
    done = collect("--jobs=1", f"--scope={scope}", "--roi=20,12,10,10", tmp_path / "out", tmp_path / "in")
    assert done.returncode == 1 and done.stderr.count("does not lie inside of frames of 9x8") == 3
    for i in range(3):
        save(tmp_path / "in" / f"small {i} and more.png", frames_of(3)[i])
    done = collect("--jobs=1", "--scope=channel", "--roi=20,12,10,10", tmp_path / "out", tmp_path / "in")
    assert done.returncode == 3 and done.stderr.count("does not lie inside of frames of 9x8") == 3
    expect_statistics(load(tmp_path / "out"), frames_of(3)[:, 12:22, 20:30])


def test_colours_are_exact(tmp_path):
    """Of Y'CbCr as decoders give it: those of to_rgb, whose numbers test_colour.py compares with fractions. JPEG, like GStreamer's
    decoder gives it, within one code of Pillow's."""
    width, height, n = 48, 32, 4
    planes = np.random.default_rng(5).integers(0, 256, (n, width * height * 3 // 2), np.uint8)
    (tmp_path / "raw").write_bytes(planes.tobytes())
    make(f"-q filesrc location={tmp_path}/raw ! rawvideoparse format=i420 width={width} height={height} framerate=5/1 "
         f"colorimetry=bt709 ! matroskamux ! filesink location={tmp_path}/a.mkv")
    done = collect(tmp_path / "out", tmp_path / "a.mkv")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    ends = [width * height, width * height * 5 // 4]
    rgb = np.stack([to_rgb(y.reshape(height, width), *(c.reshape(height // 2, width // 2) for c in chroma), format="I420",
                           matrix="bt709", range="limited") for y, *chroma in (np.split(one, ends) for one in planes)])
    expect_statistics(load(tmp_path / "out"), rgb)
    picture = Image.fromarray(frames_of(1)[0]).resize((320, 240), Image.BICUBIC)
    picture.save(tmp_path / "b.jpg", quality=95, subsampling="4:2:0")
    assert collect(tmp_path / "jpeg", tmp_path / "b.jpg").returncode == 0
    found, pillow = image_of(load(tmp_path / "jpeg"), Pixelnorm.Image.MEAN), np.asarray(Image.open(tmp_path / "b.jpg"))
    assert np.abs(found - pillow).max() <= 1 and (found == pillow).mean() >= .999


def test_videos(tmp_path):
    """A video of 5 frames without loss, with sound; it counts with an image, and interlaced video is read, too."""
    frames = frames_of(5)
    (tmp_path / "raw").write_bytes(frames.tobytes())
    launch = (f"filesrc location={tmp_path}/raw ! rawvideoparse format=rgb width=40 height=24 framerate=5/1 ! "
              f"pngenc ! qtmux name=mux ! filesink location={tmp_path}/a.mov "
              "audiotestsrc num-buffers=20 ! audioconvert ! audio/x-raw,format=S16LE ! mux.")
    make(f"-q {launch}")
    save(tmp_path / "b.png", frames_of(1, 8)[0])
    done = collect(tmp_path / "out", tmp_path / "a.mov", (tmp_path / "b.png").as_uri())
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    expect_statistics(load(tmp_path / "out"), np.concatenate([frames, frames_of(1, 8)]))

    launch = ("videotestsrc pattern=white num-buffers=6 ! video/x-raw,format=I420,width=64,height=48,"
              f"interlace-mode=interleaved ! x264enc interlaced=true ! matroskamux ! filesink location={tmp_path}/i.mkv")
    make(f"-q {launch}")
    done = collect(tmp_path / "interlaced", tmp_path / "i.mkv")
    assert (done.returncode, done.stderr) == (0, "")
    profile = load(tmp_path / "interlaced")
    assert profile.get_frames() == 6 and profile.get_statistics(0).min >= 253


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_first_frames_only(jobs, tmp_path):
    frames = frames_of(5)
    (tmp_path / "in").mkdir()
    (tmp_path / "raw").write_bytes(frames.tobytes())
    make(f"-q filesrc location={tmp_path}/raw ! rawvideoparse format=rgb width=40 height=24 framerate=5/1 ! pngenc ! qtmux ! "
         f"filesink location={tmp_path}/in/a.mov")
    save(tmp_path / "in" / "b.png", frames_of(1, 8)[0])
    images = [Image.fromarray(np.full((24, 40), 40 * i, np.uint8)) for i in range(4)]
    images[0].save(tmp_path / "in" / "c.gif", save_all=True, append_images=images[1:])
    for most in (1, 2, 3, 4, 9):
        done = collect("--force", f"--jobs={jobs}", f"--max-frames={most}", tmp_path / "out", tmp_path / "in")
        assert (done.returncode, done.stderr) == (0, "")
        gif = [np.full((24, 40, 3), 40 * i, np.uint8) for i in range(4)]
        expect_statistics(load(tmp_path / "out"), np.concatenate([frames[:most], frames_of(1, 8), gif[:most]]))


@pytest.fixture(name="endless")
def _endless():
    """The address of a camera that never stops, as they speak over HTTP; each of its pictures is one of frames_of(4), in turn."""
    pictures = []
    for frame in frames_of(4):
        stream = io.BytesIO()
        Image.fromarray(frame).save(stream, "PNG")
        pictures.append(stream.getvalue())

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name # the name that the class asks for
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            with contextlib.suppress(OSError):
                for picture in itertools.cycle(pictures):
                    head = f"--next\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_stream_that_never_ends(endless, tmp_path):
    if subprocess.run(["gst-inspect-1.0", "--exists", "souphttpsrc"], check=False).returncode:
        pytest.skip("GStreamer has no souphttpsrc here, which reads HTTP")
    done = collect("--max-frames=6", tmp_path / "out", endless)
    assert (done.returncode, done.stderr) == (0, "")
    expect_statistics(load(tmp_path / "out"), np.concatenate([frames_of(4), frames_of(4)[:2]]))


def make_broken(folder, image):
    content = image.read_bytes()
    Image.open(image).convert("RGB").save(folder / "whole.jpg")
    (folder / "cut.png").write_bytes(content[:len(content) // 2])
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:-40])
    (folder / "whole.jpg").unlink()
    (folder / "empty.png").write_bytes(b"")
    (folder / "letter.mp4").write_text("This is a letter.\n" * 99)
    (folder / "noise.avi").write_bytes(bytes(frames_of(1, 3)))
    make(f"-q audiotestsrc num-buffers=9 ! wavenc ! filesink location={folder}/sound.ogg")
    return {"cut.png", "cut.jpg", "empty.png", "letter.mp4", "noise.avi", "sound.ogg"}


def test_broken_files_are_named_and_left_out(images, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    broken = make_broken(folder, images / "00.png")
    out = tmp_path / "out"
    done = collect(out, images, folder)
    lines = done.stderr.splitlines()
    assert done.returncode == 3 and lines[-1].endswith(
        f"Left out, as was said above: {len(broken)} of {N + len(broken)} files.")
    named = [name for name in broken for line in lines if f'/{name}" is left out: ' in line]
    assert sorted(named) == sorted(broken) and len(lines) == len(broken) + 2
    expect_statistics(load(out), frames_of(N))
    out.write_bytes(PRECIOUS)
    done = collect("--force", out, folder)
    assert done.returncode == 1 and "nothing was written" in done.stderr and out.read_bytes() == PRECIOUS
    assert nothing_left(tmp_path, "out", "broken")


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(closed, images, tmp_path):
    """What is said goes nowhere then, and into no file or socket that got the number meanwhile."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bad.png").write_text("no image")
    done = subprocess.run(["bash", "-c", f'exec "$@" {closed}', "bash", PROGRAM, "collect", "out", images, "in"], cwd=tmp_path,
                          check=False, timeout=60, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    assert done.returncode == 3
    expect_statistics(load(tmp_path / "out"), frames_of(N))
    assert nothing_left(tmp_path, "in", "out")


@pytest.mark.parametrize("name", ["a.mjpeg", "A.MJPG"])
def test_jpeg_images_one_after_the_other(name, tmp_path):
    make(f"-q videotestsrc num-buffers=4 ! video/x-raw,width=40,height=24 ! jpegenc ! filesink location={tmp_path}/{name}")
    assert collect(tmp_path / "out", tmp_path / name).returncode == 0
    assert load(tmp_path / "out").get_frames() == 4


def test_all_or_nothing_of_a_video_that_breaks(tmp_path):
    """Frames of another size in the middle: none of its frames counts."""
    save(tmp_path / "in" / "1.png", frames_of(1)[0])
    for i, width in enumerate((40, 40, 60)):
        make(f"-q videotestsrc num-buffers=4 ! video/x-raw,width={width},height=24 ! jpegenc ! "
             f"multifilesink location={tmp_path}/{i}-%d.jpg")
    (tmp_path / "in" / "2.mjpeg").write_bytes(
        b"".join((tmp_path / f"{i}-{k}.jpg").read_bytes() for i in range(3) for k in range(4)))
    done = collect(tmp_path / "out", tmp_path / "in")
    assert done.returncode == 3 and '2.mjpeg" is left out' in done.stderr
    assert load(tmp_path / "out").get_frames() == 1


@pytest.mark.parametrize("muxer", ["matroskamux", "webmmux", "avimux", "qtmux faststart=true", "mp4mux faststart=true",
                                   "mp4mux faststart=true fragment-duration=100", "matroskamux streamable=true"])
def test_a_video_that_was_cut_short(muxer, tmp_path):
    """GStreamer takes the end of the file for the end of the video. Of what was written as a stream nobody knows how long it is."""
    codec = "vp8enc deadline=1" if "webm" in muxer else "jpegenc" if "mp4" not in muxer else "x264enc bframes=0 key-int-max=5"
    video = tmp_path / "in" / "a.video"
    video.parent.mkdir()
    make(f"-q videotestsrc pattern=snow num-buffers=30 ! video/x-raw,width=40,height=24 ! {codec} ! {muxer} ! "
         f"filesink location={video}")
    content = video.read_bytes()
    assert collect(tmp_path / "out", video).returncode == 0 and load(tmp_path / "out").get_frames() == 30
    with tarfile.open(tmp_path / "in.tar", "w") as tar:
        for name, part in ("b.mkv", content), ("c.mkv", content[:-len(content) // 3]), ("d.mkv", content + b"more"):
            (tmp_path / "in" / name).write_bytes(part)
            tar.add(tmp_path / "in" / name, name)
    for folder in "in", "in.tar":
        done = collect("-f", tmp_path / "out", tmp_path / folder)
        if "stream" not in muxer:
            assert done.returncode == 3 and done.stderr.count('/c.mkv" is left out: It was cut short: ') == 1
            assert load(tmp_path / "out").get_frames() == 60


BAD = [
    (2, ["out"], "found 1 names"), (2, [], "found 0 names"),
    (2, ["--scope=global", "out", "in"], '"global"'), (2, ["--format=NV12", "out", "in"], '"NV12"'),
    (2, ["--size=0x5", "out", "in"], '"0x5"'), (2, ["--size=224", "out", "in"], '"224"'),
    (2, ["--size=9999999x5", "out", "in"], "9999999"), (2, ["--roi=1,2,3", "out", "in"], '"1,2,3"'),
    (2, ["--roi=1,2,0,3", "out", "in"], "1,2,0,3"), (2, ["--jobs=0", "out", "in"], "found 0"),
    (2, ["--max-frames=-1", "out", "in"], "found -1"), (2, ["--jobs=many", "out", "in"], "many"), (2, ["--bogus", "out", "in"], "--bogus"),
    (1, ["out", "missing.png"], '"missing.png" cannot be read: No such file'),
    (1, ["none/out", "in"], 'no directory "none"'), (1, ["in", "in"], "directory"),
    (1, ["there", "in"], "--force"), (1, ["-f", "victim.png", "in"], 'victim.png: Found a file that is not a profile'), (1, ["out", "empty"], "No image or video"),
    (1, ["out", "/dev/null"], "neither a file nor a folder"),
    (1, ["--mask=missing.png", "out", "in"], "missing.png"), (1, ["--mask=pipe", "out", "in"], "not a regular file"),
    (1, ["--mask=/dev/zero", "out", "in"], "not a regular file"), (1, ["--mask=there", "out", "in"], "PNG"),
    (1, ["--mask=/proc/kmsg", "out", "in"], "mask"), (1, ["--mask=/proc/self/pagemap", "out", "in"], "PNG"),
    (1, ["out", "@/dev/zero"], "neither a file nor a pipe"), (1, ["out", "@/proc/kmsg"], "cannot be read"),
    (1, ["out", "@/proc/self/pagemap"], "holds a "), (1, ["out", "@/proc/self/mem"], "Input/output error"),
    (1, ["out", "@in"], "neither a file nor a pipe"), (1, ["out", "@pipe"], "No image or video"), (1, ["out", "@long"], "more than 16384 bytes"),
    (1, ["out", "bogus://x"], "bogus"),
]


@pytest.mark.parametrize("status, arguments, words", BAD, ids=[" ".join(row[1]) or "nothing" for row in BAD])
def test_bad_commands(status, arguments, words, tmp_path):
    save(tmp_path / "in" / "1.png", frames_of(1)[0])
    (tmp_path / "empty").mkdir()
    (tmp_path / "there").write_bytes(PRECIOUS)
    (tmp_path / "victim.png").write_bytes(b"a picture")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_text("in\n" + "a" * 16385 + "\n")
    done = collect(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert words in done.stderr and done.stderr.startswith("pixelprofile collect: ")
    assert done.stderr.count("\n") == (2 if "bogus://x" in arguments else 1)
    assert (tmp_path / "there").read_bytes() == PRECIOUS and nothing_left(tmp_path, "in", "empty", "there", "victim.png", "pipe", "long")
    assert (tmp_path / "victim.png").read_bytes() == b"a picture"


def test_a_list_through_a_pipe(tmp_path):
    """What a program lists, however slowly."""
    for i in range(3):
        save(tmp_path / "in" / f"{i}.png", frames_of(3)[i])
    command = 'exec "$0" collect out @<(for i in 0 1 2; do sleep 0.2; echo in/$i.png; done)'
    done = subprocess.run(["bash", "-c", command, PROGRAM], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    expect_statistics(load(tmp_path / "out"), frames_of(3))


def test_a_folder_that_must_not_be_read(images, tmp_path):
    """Not even as root: by a user who may not."""
    closed = tmp_path / "in" / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0)
    command = [PROGRAM, "collect", str(tmp_path / "out"), str(tmp_path / "in")]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(command, capture_output=True, text=True)
    closed.chmod(0o700)
    assert done.returncode == 1 and 'closed" cannot be read: Permission denied' in done.stderr
    assert done.stderr.count("\n") == 1 and nothing_left(tmp_path, "in")


def test_without_the_elements(images, tmp_path):
    """Pictures need none of GStreamer's; a video needs ours."""
    bare = {**os.environ, "GST_PLUGIN_PATH": "", "GST_REGISTRY": f"{tmp_path}/r"}
    assert collect(tmp_path / "out", images, env=bare).returncode == 0
    make(f"-q videotestsrc num-buffers=2 ! video/x-raw,format=I420,width=40,height=24 ! avimux ! filesink location={tmp_path}/a.avi")
    done = collect("-f", tmp_path / "out", images, tmp_path / "a.avi", env=bare)
    assert done.returncode == 1 and 'no element "pixelnorm"' in done.stderr and "GST_PLUGIN_PATH" in done.stderr
    assert load(tmp_path / "out").get_frames() == N and nothing_left(tmp_path, "r", "out", "a.avi")


def test_no_space(images, tmp_path):
    """No file may grow beyond 2 KB: the old one stays, and nothing half is left anywhere."""
    out = tmp_path / "out"
    out.write_bytes(PRECIOUS)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    done = collect("--force", out, images, preexec_fn=limit, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 1 and "File too large" in done.stderr
    assert done.stderr.count("\n") == 2 and out.read_bytes() == PRECIOUS and nothing_left(tmp_path, "out")


def test_what_was_collected_is_not_lost_for_a_target_that_is_gone(images, tmp_path):
    """A folder that vanishes meanwhile: the profile is written elsewhere, and it is said where."""
    (tmp_path / "gone").mkdir()
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen([PROGRAM, "collect", "--jobs=1", "gone/out", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, cwd=tmp_path, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")})
    # it reads names, so it has looked at the target
    wait_for(lambda: "pipe_read" in pathlib.Path(f"/proc/{process.pid}/wchan").read_text())
    (tmp_path / "gone").rmdir()
    stderr = process.communicate(str(images) + "\n", timeout=60)[1]
    (elsewhere,) = (tmp_path / "tmp").iterdir()
    assert process.returncode == 1 and "gone/out" in stderr and f'It was written to "{elsewhere}" instead.' in stderr
    assert load(elsewhere).get_frames() == N


@pytest.mark.parametrize("columns", [0, 80, 30])
def test_progress_on_a_terminal_only(columns, images, tmp_path):
    """In one line, which is cut off where the terminal ends. One that does not know its width has 80 columns."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, "collect", tmp_path / "out", images], stderr=inside, stdout=subprocess.DEVNULL)
    os.close(inside)
    seen = b""
    try:
        while chunk := os.read(outside, 4096):
            seen += chunk
    except OSError:
        pass  # how a terminal ends
    os.close(outside)
    assert process.wait() == 0
    assert f"of {N} files".encode() in seen and (columns == 30 or b" files/s, " in seen and b" left" in seen)
    lines = [line.removeprefix(b"\033[K") for line in seen.splitlines()]
    assert max(len(line) for line in lines if b"Passed over" not in line) < (columns or 80)
