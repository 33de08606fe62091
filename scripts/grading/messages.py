"""Plain data as text: what the sandbox and the judge say to each other.

Only what the tests need can be said: None, booleans, numbers, strings, lists, tuples, dicts, sets, NumPy arrays and
scalars, and the name of one of the student's functions. Nothing that comes out of `decode` can run code, whatever
text it was made from. This module runs inside the sandbox, too, so it imports nothing of the project.
"""

import base64
import json
import math
import struct
import time

import numpy as np

LARGEST_MESSAGE = 32 * 2**20
DEEPEST = 50
KINDS = "biufUS"  # dtype kinds: booleans, whole numbers, floats, text


class Unsayable(ValueError):
    """A value that is no plain data."""


class Broken(ValueError):
    """A message that `encode` cannot have written, or that is too long."""


def encode(value, is_function=None, depth=0):
    """Turn a value into what JSON can hold.

    Parameters
    ----------
    value : object
    is_function : function, optional
        Returns the name by which the other side knows a function, or None.

    Raises
    ------
    Unsayable
        If the value, or something in it, is not plain data; the message names its type.
    """
    if depth > DEEPEST:
        raise Unsayable("something nested more than fifty levels deep, or inside itself")
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        if value.bit_length() > 1024:
            raise Unsayable("a whole number of more than 300 digits")
        return value
    if type(value) is float:
        return {"float": repr(value)} if not math.isfinite(value) else value
    if isinstance(value, np.generic):
        return {"scalar": _array(np.asarray(value), depth, is_function)}
    if isinstance(value, np.ndarray):
        return {"array": _array(value, depth, is_function)}
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            name = "set" if kind is frozenset else kind.__name__
            return {name: [encode(item, is_function, depth + 1) for item in list(value)]}
    if isinstance(value, dict):
        pairs = [[key, item] for key, item in list(value.items())]
        return {"dict": [[encode(part, is_function, depth + 1) for part in pair] for pair in pairs]}
    if isinstance(value, range):
        return {"list": [int(item) for item in value[:1_000_000]]}
    name = is_function(value) if is_function else None
    if name is not None:
        return {"function": name}
    if hasattr(value, "__array__") and not isinstance(value, type):  # a tensor
        return encode(np.asarray(value), is_function, depth + 1)
    raise Unsayable(f"a {type(value).__name__}")


def _array(array, depth, is_function):
    if array.dtype.kind == "O":
        items = [encode(item, is_function, depth + 1) for item in array.ravel().tolist()]
        return {"shape": list(array.shape), "items": items}
    if array.dtype.kind not in KINDS:
        raise Unsayable(f"an array of {array.dtype}")
    plain = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    text = base64.b64encode(plain.tobytes()).decode("ascii")
    return {"dtype": plain.dtype.str, "shape": list(array.shape), "bytes": text}


def decode(said, function=None):
    """Turn what `encode` returned into the value.

    Parameters
    ----------
    said : object
        What JSON held.
    function : callable, optional
        Takes the name of a function and returns what stands for it.

    Raises
    ------
    Broken
        If `encode` cannot have written it.
    """
    try:
        return _decode(said, function)
    except Broken:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, MemoryError, RecursionError) as error:
        raise Broken(f"{type(error).__name__} while reading a value") from None


def _decode(said, function):
    if said is None or type(said) in (bool, int, float, str):
        return said
    if type(said) is not dict or len(said) != 1:
        raise Broken("a value of no known kind")
    ((kind, content),) = said.items()
    if kind in ("list", "tuple", "set"):
        return {"list": list, "tuple": tuple, "set": set}[kind](_decode(item, function) for item in content)
    if kind == "dict":
        return {_decode(key, function): _decode(item, function) for key, item in content}
    if kind == "float" and content in ("inf", "-inf", "nan"):
        return float(content)
    if kind == "array":
        return _decode_array(content, function)
    if kind == "scalar":
        return _decode_array(content, function)[()]
    if kind == "function" and function is not None and type(content) is str:
        return function(content)
    raise Broken(f"a value of the kind {str(kind)[:20]!r}")


def _decode_array(content, function):
    shape = tuple(content["shape"])
    if len(shape) > 32 or not all(type(size) is int and 0 <= size < 2**40 for size in shape):
        raise Broken("an array of an impossible shape")
    if "items" in content:
        array = np.empty(len(content["items"]), dtype=object)
        for place, item in enumerate(content["items"]):
            array[place] = _decode(item, function)
        return array.reshape(shape)
    dtype = np.dtype(str(content["dtype"]))
    raw = base64.b64decode(content["bytes"], validate=True)
    if dtype.kind not in KINDS or dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != len(raw):
        raise Broken("an array whose parts disagree")
    return np.frombuffer(raw, dtype).reshape(shape).copy()


def send(connection, message):
    """Write one message, a dict that JSON can hold, to a socket."""
    text = json.dumps(message).encode("utf-8", "surrogatepass")
    if len(text) > LARGEST_MESSAGE:
        raise Unsayable(f"{len(text) // 2**20} MB of data, more than the {LARGEST_MESSAGE // 2**20} MB allowed")
    connection.sendall(struct.pack(">Q", len(text)) + text)


def receive(connection, seconds=None):
    """Read one message from a socket.

    Parameters
    ----------
    connection : socket.socket
    seconds : float, optional
        How long the whole message may take, however it comes in pieces.

    Raises
    ------
    TimeoutError
        If it takes longer.
    Broken
        If it is no message, or longer than `LARGEST_MESSAGE`.
    EOFError
        If the other side is gone.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    (size,) = struct.unpack(">Q", _read(connection, 8, deadline))
    if size > LARGEST_MESSAGE:
        raise Broken("a message that is too long")
    try:
        message = json.loads(_read(connection, size, deadline).decode("utf-8", "replace"))
    except (ValueError, RecursionError, MemoryError):
        raise Broken("a message that is no JSON") from None
    if type(message) is not dict:
        raise Broken("a message that is no dict")
    return message


def _read(connection, size, deadline):
    parts = bytearray()
    while len(parts) < size:
        if deadline is not None:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
        part = connection.recv(min(size - len(parts), 2**20))
        if not part:
            raise EOFError("the other side is gone")
        parts += part
    return bytes(parts)
