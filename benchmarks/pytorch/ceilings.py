"""What a device can do at most: `python3 ceilings.py`, one line of JSON.

The rate of a copy (bytes read and written per second) in buffers that no cache holds, and of a matrix product in bfloat16, TF32
and float32. Shares of these are what the time of a kernel can be judged by.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any, Callable, Dict, Optional, Sequence

import torch

import devices
from settings import SettingsError

_LEAST_COPY_MIB = 256


def seconds(operation: Callable[[], Any], device: str, warmup: int, count: int) -> float:
    """Median time of the operation."""
    for _ in range(warmup):
        operation()
    times = []
    for _ in range(count):
        if device == "cpu":
            start = time.perf_counter()
            operation()
            times.append(time.perf_counter() - start)
            continue
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        operation()
        last.record()
        last.synchronize()
        times.append(first.elapsed_time(last) / 1e3)
    return statistics.median(times)


def copy_rate(mebibytes: int, device: str, count: int) -> float:
    """GB/s of a device-to-device copy, reads and writes counted."""
    source = torch.zeros(mebibytes << 18, device=device)
    target = torch.ones_like(source)
    return 2e-9 * source.numel() * source.element_size() / seconds(lambda: target.copy_(source), device, 3, count)


def matmul_rate(size: int, precision: str, device: str, count: int) -> float:
    """TFLOP/s of the product of two square matrices of random numbers; zeros would draw less power and clock higher."""
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    result = torch.empty_like(a)
    return 2e-12 * size ** 3 / seconds(lambda: torch.mm(a, b, out=result), device, 3, count)


def measure(options: argparse.Namespace) -> Dict[str, Any]:
    """The fields of the JSON line."""
    devices.require(options.device)
    precisions = ("bf16", "tf32", "fp32") if options.device == "cuda" else ("bf16", "fp32")
    return {
        "copy_gb_per_s": copy_rate(options.copy_mib, options.device, options.count), "copy_bytes": options.copy_mib << 20,
        "matmul_tflops": {p: matmul_rate(options.matmul, p, options.device, options.count) for p in precisions},
        "matmul_size": options.matmul, "n": options.count, "torch": torch.__version__,
        "device": devices.describe(options.device),
    }


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Copy bandwidth and matrix-product rates of a device; one line of JSON.")
    parser.add_argument("--copy-mib", type=int, default=1024, help=f"size of each buffer, at least {_LEAST_COPY_MIB}")
    parser.add_argument("--matmul", type=int, default=8192, help="extent of the matrices")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--device", choices=devices.NAMES, default=devices.DEFAULT)
    options = parser.parse_args(arguments)
    if options.copy_mib < _LEAST_COPY_MIB:
        parser.error(f"--copy-mib is {options.copy_mib}; below {_LEAST_COPY_MIB} a cache would be measured")
    if options.matmul < 1 or options.count < 1:
        parser.error(f"--matmul is {options.matmul} and --count {options.count}; both must be positive")
    try:
        print(json.dumps(measure(options)))
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
