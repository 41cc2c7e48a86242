# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files of gamma and beta, as the package safetensors writes them, without it."""
import json
import struct

import xxhash

TYPES = {"<f4": "F32", "<f8": "F64", "<f2": "F16", "<u8": "U64", "|u1": "U8", "<i4": "I32"}


def affine_file(metadata=None, **arrays):
    """The widest items first, then by name; the header padded to a multiple of 8."""
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header, end = ({"__metadata__": metadata} if metadata else {}), 0
    for name in order:
        begin, end = end, end + arrays[name].nbytes
        header[name] = {"dtype": TYPES[arrays[name].dtype.str], "shape": list(arrays[name].shape),
                        "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(arrays[name].tobytes() for name in order)


def identity(**arrays):
    """As docs/format.md says."""
    digest = xxhash.xxh3_128()
    for name in ("gamma", "beta"):
        if name in arrays:
            digest.update(f"{name} {list(arrays[name].shape)}\n".encode())
            digest.update(arrays[name].astype("<f8").tobytes())
    return digest.hexdigest()
