"""Reads safetensors files with numpy alone: 8 bytes of length, a JSON header, then the data, all little-endian."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Dict, Tuple

import numpy as np

from settings import SettingsError

_TYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "U8": "<u1"}


def read(path: str) -> Tuple[Dict[str, np.ndarray], Dict[str, str]]:
    """All tensors by name, and the texts of __metadata__."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"the tensors in '{path}' cannot be read: {error}") from error
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8:8 + length])
        metadata = header.pop("__metadata__", {})
        return {name: _tensor(name, entry, data, 8 + length) for name, entry in header.items()}, metadata
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"'{path}' is not a safetensors file, or a damaged one ({error}); write it again") from error


def _tensor(name: str, entry: Dict, data: bytes, start: int) -> np.ndarray:
    if entry["dtype"] not in _TYPES:
        raise ValueError(f"tensor '{name}' has the type {entry['dtype']}, and only {', '.join(_TYPES)} are read")
    begin, end = entry["data_offsets"]
    values = np.frombuffer(data[start + begin:start + end], dtype=_TYPES[entry["dtype"]])
    return values.reshape(entry["shape"])
