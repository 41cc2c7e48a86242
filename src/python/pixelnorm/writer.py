# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writing a profile, byte for byte as the library does (src/profile/profile-writer.c): metadata and tensors in its order, sums as
narrow as they go, the identity of the content, the digest of the file, and a file that appears whole or not at all.
"""
import contextlib
import errno
import os
import secrets

import numpy

from . import xxh3

try:
    import fcntl
except ImportError:  # no Unix: no locks, and nobody who would remove what is not locked
    fcntl = None

TYPES = {1: "U8", 2: "U16", 4: "U32", 8: "U64"}
# what the file holds, in its order
METADATA = ("pixelnorm.version", "software", "created", "sources", "conversions", "shards", "width", "height", "channels",
            "depth", "range", "matrix", "subsampling", "frames_skipped", "identity")
TENSORS = ("frames", "samples", "sum", "sum_squares", "sum_squares_high", "count", "min", "max", "histogram")
NARROWED = ("sum", "sum_squares", "count")
SUFFIX = ".pixelnorm-tmp"
ADVICE = "Choose another name, or say that it is to be overwritten."
# what to do about an error of the system
REMEDIES = {**dict.fromkeys([errno.ENOSPC, errno.EDQUOT], "Make room on the disk, or save to another"),
            **dict.fromkeys([errno.ENOENT, errno.ENOTDIR], "Make the folder first, or give another path"),
            **dict.fromkeys([errno.EACCES, errno.EPERM, errno.EROFS], "Save to a folder in which this user may write"),
            errno.EFBIG: "Raise the limit on the size of files (ulimit -f), or save to another disk",
            errno.ENAMETOOLONG: "Give a shorter name", errno.EISDIR: "Give the path of a file"}
CHUNK = 1 << 17  # items widened at once


def tensors(arrays):
    """The tensors of a file, (name, array) in the order of the list, as narrow as they go; what says nothing is left out."""
    counts = [name for name in arrays if name.split(".")[0] == "count"]
    even = all((arrays[name] == arrays["frames"]).all() for name in counts)
    for name in [part for name in TENSORS for part in (name, name + ".Y", name + ".U", name + ".V") if part in arrays]:
        array = arrays[name]
        if (name in counts and even) or (name == "sum_squares_high" and not array.any()):
            continue
        if name.split(".")[0] in NARROWED and array.dtype.itemsize == 8 and array.max() < 2 ** 32:
            array = array.astype("<u4")
        yield name, array


def identity(metadata, arrays):
    """The digest of the content: see docs/format.md."""
    scope = "channel" if "samples" in arrays else "pixel"
    words = " ".join(f"{key}={metadata.get(key, 'none')}" for key in ("width", "height", "channels", "depth", "range", "matrix"))
    more = f" subsampling={metadata['subsampling']}" if "subsampling" in metadata else ""
    digest = xxh3.best()
    digest.update(f"scope={scope} {words}{more}\n".encode())
    found = dict(tensors(arrays))
    if scope == "channel":
        found.setdefault("sum_squares_high", numpy.zeros(len(metadata["channels"]), "<u8"))
    for name in sorted(found, key=lambda name: TENSORS.index(name.split(".")[0])):  # the parts stay as they are
        items = found[name].ravel()
        for begin in range(0, items.size, CHUNK):
            digest.update(items[begin:begin + CHUNK].astype("<u8"))
    return digest.hexdigest()


def quoted(text):
    """A JSON string as the library writes it."""
    if "\0" in text:
        raise ValueError(f"Text of a profile holds a NUL character: {text!r}. Leave it out.")
    text = text.encode(errors="replace").decode().replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(c):04x}" if c < " " else c for c in text) + '"'


def file_parts(metadata, arrays):
    """The bytes of a file: the header, then each tensor where it lies."""
    found = sorted(tensors(arrays), key=lambda pair: -pair[1].itemsize)  # the widest first, so each is aligned
    members, end = [], 0
    for name, array in found:
        shape = ",".join(map(str, array.shape))
        begin, end = end, end + array.nbytes
        members.append(f',"{name}":{{"dtype":"{TYPES[array.itemsize]}","shape":[{shape}],"data_offsets":[{begin},{end}]}}')
    words = {**{key: metadata[key] for key in METADATA if key in metadata}, "xxh3": "0" * 32}
    text = '{"__metadata__":{' + ",".join(f"{quoted(key)}:{quoted(value)}" for key, value in words.items()) + "}"
    header = "".join([text, *members, "}"]).encode()
    header += b" " * (-(len(header) + 8) % 64)
    header = len(header).to_bytes(8, "little") + header
    content = [numpy.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1).view("u1") for _, array in found]
    digest = xxh3.best()
    for part in (header, *content):
        digest.update(part)
    place = header.index(b'"xxh3":"') + len(b'"xxh3":"')
    return [header[:place] + digest.hexdigest().encode() + header[place + 32:], *content]


def put_in_place(temporary, target, overwrite):
    """A link fails where something is there, in one step; file systems without links have only a look before."""
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "File exists") from None
        os.replace(temporary, target)
    else:
        os.remove(temporary)


def write_file(path, parts, overwrite=False):
    """A whole file or none, and the old one until then; a symbolic link stays a link. Raises FileExistsError where something is
    there that overwrite does not let be replaced, and else OSError."""
    target = os.path.realpath(path)
    folder, base = os.path.split(target)
    remove_leftovers(folder, base)
    temporary = os.path.join(folder, f".{base}.{secrets.token_hex(8)}{SUFFIX}")
    try:
        with open(temporary, "xb") as file:
            if fcntl:  # one that can be locked belongs to a writer that is gone
                with contextlib.suppress(OSError):  # of file systems without locks
                    fcntl.flock(file, fcntl.LOCK_EX)
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            put_in_place(temporary, target, overwrite)
    except BaseException as problem:
        if os.path.exists(temporary):
            os.remove(temporary)
        if isinstance(problem, FileExistsError):
            raise FileExistsError(f"{os.fspath(path)} is there already. {ADVICE}") from None
        if isinstance(problem, OSError):
            raise type(problem)(f"{os.fspath(path)} cannot be written: {problem.strerror}. "
                                f"{REMEDIES.get(problem.errno, 'Save to another path')}.") from None
        raise
    if fcntl:
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def remove_leftovers(folder, base):
    """Of writers of the same name that are gone."""
    length = len(f".{base}.") + 16 + len(SUFFIX)
    names = os.listdir(folder) if fcntl and os.path.isdir(folder) else ()
    for name in [n for n in names if n.startswith(f".{base}.") and n.endswith(SUFFIX) and len(n) == length]:
        with contextlib.suppress(OSError), open(os.path.join(folder, name), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails where the writer is at work
            os.remove(file.name)
