"""The device that a script runs on."""

from __future__ import annotations

import torch

from settings import SettingsError

NAMES = ("cpu", "cuda")
DEFAULT = "cuda" if torch.cuda.is_available() else "cpu"


def require(device: str) -> None:
    """An error with the fix unless PyTorch has the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise SettingsError("PyTorch finds no CUDA device; use --device cpu, or a PyTorch with CUDA on a machine with a GPU")


def describe(device: str) -> str:
    """The name of the hardware, as results state it."""
    return torch.cuda.get_device_name() if device == "cuda" else "cpu"


def allow_tf32(allowed: bool) -> None:
    """Whether float32 convolutions may round their factors to TF32. Matrix products never do, as in RevUp."""
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cuda.matmul.allow_tf32 = False


def arithmetic(precision: str, device: str) -> str:
    """The arithmetic of all convolutions, in the words of RevUp's studies."""
    return "bfloat16, TF32 elsewhere" if precision == "bfloat16" and device == "cuda" else precision
