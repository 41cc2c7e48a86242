# SPDX-License-Identifier: LGPL-2.1-or-later
"""safetensors: bytes -> metadata and arrays, as strict as the library (src/io/safetensors.c), so that no file is taken here that
is refused there. Every array lies inside of the data, and they follow each other from its first byte to the last of the file."""
import json
import math
import os
import stat

import numpy

LENGTH = 8
ALIGNMENT = 64
MAX_HEADER = 100_000_000
MAX_DIMENSIONS = 4
MAX_PRINTABLE = 80  # characters of foreign text in a message
MAX_INTEGER = 2 ** 63 - 1  # of the library's JSON
METADATA = "__metadata__"


def open_file(path):
    """(a regular file, its size): opened once, without waiting for whoever writes into a FIFO. Raises OSError where it is
    something else, since a FIFO or a device could block or never end."""
    file = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY))
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{os.fspath(path)}: Expected a file, found something that is not a regular file. Give the path of a file.")
    except OSError:
        file.close()
        raise
    return file, status.st_size


def read_file(path, most=None):
    """The bytes of a regular file, as many as it says that it has; most: or so many of them. Raises OSError."""
    try:
        file, size = open_file(path)
    except IsADirectoryError:
        raise OSError(f"{os.fspath(path)}: Expected a file, found a directory. Give the path of a file.") from None
    with file:
        return file.read(size if most is None else min(size, most))


def check_file(path):
    """Raises OSError where others, who are given the path, would wait for ever: at what is no regular file, or is a file of the
    system that does not say how long it is."""
    if os.path.exists(path) and not read_file(path, 1):
        raise OSError(f"{os.fspath(path)}: The file is empty. Give the path of a file that is not.")


def read_safetensors(data, types, aligned=False):
    """(metadata, arrays) of the bytes of a file. types: what may be in it, {dtype: numpy's}. aligned: the house rules, data at a
    multiple of 64 and arrays at one of their items. Raises ValueError: what is wrong, in a sentence, and what to do."""
    size = int.from_bytes(data[:LENGTH], "little")
    if len(data) <= LENGTH or not 1 <= size <= min(len(data) - LENGTH, MAX_HEADER) or data[LENGTH] != ord("{"):
        raise ValueError("Found something that is not a safetensors file. Give a file that pixelstats wrote, or of gamma and "
                         "beta.")
    start = LENGTH + size
    header = parse_json(bytes(data[LENGTH:start]))
    metadata = header.pop(METADATA, {})
    check_strings(metadata)
    if aligned and start % ALIGNMENT:
        raise ValueError(f"The data begin at {start}, expected a multiple of {ALIGNMENT}: other software may have saved the "
                         "file anew. Use the original file, or make it anew.")
    content, arrays, places = memoryview(data)[start:], {}, []
    for name, tensor in header.items():
        begin, arrays[name] = read_tensor(name, tensor, content, types, aligned)
        places.append((begin, arrays[name].nbytes, name))
    check_coverage(places, len(content))
    return metadata, arrays


def parse_json(header):
    """What the library takes for JSON, which is less than Python does."""
    try:
        found = json.loads(header.decode(), object_pairs_hook=without_repeats, parse_int=integer, parse_float=real,
                           parse_constant=refuse_constant)
        check_characters(found)
    except (RecursionError, ValueError) as problem:
        raise ValueError(f"The header is damaged: {problem}. Use an undamaged copy.") from None
    return found


def check_characters(value):
    """Text that can be UTF-8 and a string of C."""
    if isinstance(value, dict):
        check_characters([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            check_characters(item)
    elif isinstance(value, str) and ("\0" in value or value.encode(errors="replace").decode() != value):
        raise ValueError("a NUL character, or half of a pair of surrogates")


def without_repeats(pairs):
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key occurs twice")
    return dict(pairs)


def integer(text):
    number = int(text)
    if not -MAX_INTEGER - 1 <= number <= MAX_INTEGER:
        raise ValueError("a number beyond 64 bits")
    return number


def real(text):
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number beyond float64")
    return number


def refuse_constant(text):
    raise ValueError(f"{text} is not a number")


def check_strings(metadata):
    if not isinstance(metadata, dict):
        raise ValueError(f'The header is damaged: "{METADATA}" is not a JSON object. Use an undamaged copy.')
    if not all(isinstance(value, str) for value in metadata.values()):
        raise ValueError("The metadata hold something that is not a string. Use an undamaged copy.")


def printable(text):
    """Foreign text for a message: one line, not too long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in str(text)[:MAX_PRINTABLE])
    return shown + "..." * (len(str(text)) > MAX_PRINTABLE)


def is_size(number):
    """A whole number from 0 up; true and 1.0 are none."""
    return type(number) is int and number >= 0


def damaged(name, what):
    return ValueError(f'Tensor "{printable(name)}": {what}. Use an undamaged copy.')


def read_tensor(name, tensor, content, types, aligned):
    """(where it begins, the array)"""
    if not isinstance(tensor, dict) or set(tensor) != {"dtype", "shape", "data_offsets"}:
        raise damaged(name, 'not an object of "dtype", "shape" and "data_offsets"')
    dtype, shape, offsets = tensor["dtype"], tensor["shape"], tensor["data_offsets"]
    if not isinstance(dtype, str) or dtype not in types:
        raise damaged(name, f'"dtype" is {printable(dtype)}, expected {" or ".join(types)}')
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not all(map(is_size, shape)):
        raise damaged(name, f'"shape" is {printable(shape)}, expected up to {MAX_DIMENSIONS} whole numbers')
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(map(is_size, offsets)):
        raise damaged(name, f'"data_offsets" is {printable(offsets)}, expected two whole numbers')
    begin, end = offsets
    if not begin <= end <= len(content):
        raise damaged(name, f'"data_offsets" {offsets} lie outside of the {len(content)} bytes of data')
    item = numpy.dtype(types[dtype])
    if math.prod(shape) * item.itemsize != end - begin:
        raise damaged(name, f'"data_offsets" span {end - begin} bytes, expected the {math.prod(shape) * item.itemsize} of its '
                            "dtype and shape")
    if aligned and begin % item.itemsize:
        raise damaged(name, f"its data begin at {begin}, expected a multiple of its item size, {item.itemsize}")
    return begin, numpy.frombuffer(content, item, math.prod(shape), begin).reshape(shape) if end > begin else (
        numpy.empty(shape, item))


def check_coverage(places, available):
    """Every byte of data belongs to one array."""
    expected = 0
    for begin, size, name in sorted(places):
        if begin != expected:
            what = "overlaps the one before it, which ends at" if begin < expected else "leaves a gap, expected"
            raise damaged(name, f"begins at {begin} and {what} {expected}")
        expected += size
    if expected != available:
        raise ValueError(f"The tensors cover {expected} bytes, and the file has {available}. Use an undamaged copy.")
