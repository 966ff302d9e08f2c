"""Time and memory of a training step: `python3 throughput.py --model revup-50 --mode plain --compile --batch 128 --precision bf16`.

Prints one line of JSON. A step is everything from the power iterations to the update, on fresh data drawn on the device before each
step, outside the time. On a GPU times are CUDA events, and memory is the allocator's peak of the measured steps. The last convolutions
of all branches are drawn at random, which takes every block to its bound: Fixup's zeros would leave nothing to invert.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
from torch import Tensor

import contenders
import devices
import resnet
import settings
from execution import MODES, PLAIN
from inversion import InversionError

_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "STATUS_ALLOC_FAILED")
_PRECISIONS = {"bf16": "bfloat16", "tf32": "tf32", "fp32": "float32"}


class Data:
    """Random samples and one-hot targets, made on the device."""

    def __init__(self, batch: int, sample: Sequence[int], classes: int, device: str, channels_last: bool) -> None:
        layout = contenders.memory_format(len(sample) - 1) if channels_last else torch.contiguous_format
        self.x = torch.empty((batch, *sample), device=device).to(memory_format=layout)
        self.targets = torch.zeros(batch, classes, device=device)

    def draw(self) -> Tuple[Tensor, Tensor]:
        """The next batch, in the memory of the last one."""
        self.x.normal_()
        labels = torch.randint(self.targets.shape[1], (self.targets.shape[0], 1), device=self.targets.device)
        self.targets.zero_().scatter_(1, labels, 1.0)
        return self.x, self.targets


def time_steps(step: Callable[[Tensor, Tensor], Any], data: Data, warmup: int, count: int) -> List[float]:
    """Milliseconds of each step. On a GPU the host runs ahead, as it does in training: it waits once, at the end."""
    cuda = data.x.is_cuda
    for _ in range(warmup):
        step(*data.draw())
    if cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    marks = []
    for _ in range(count):
        batch = data.draw()
        start = _mark(cuda)
        step(*batch)
        marks.append((start, _mark(cuda)))
    if not cuda:
        return [1e3 * (end - start) for start, end in marks]
    torch.cuda.synchronize()
    return [start.elapsed_time(end) for start, end in marks]


def _mark(cuda: bool) -> Any:
    if not cuda:
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def largest(fits: Callable[[int], bool], start: int) -> int:
    """The largest batch that fits, to a sixteenth of itself: doubled until one does not fit, then bisected; 0 if none does."""
    good, bad = 0, start
    while fits(bad):
        good, bad = bad, 2 * bad
    while bad - good > max(1, good // 16):
        middle = (good + bad) // 2
        if fits(middle):
            good = middle
        else:
            bad = middle
    return good


def is_out_of_memory(error: BaseException) -> bool:
    """Whether PyTorch ran out of memory, on whichever device."""
    return isinstance(error, MemoryError) or isinstance(error, RuntimeError) and any(text in str(error) for text in _OUT_OF_MEMORY)


def fits(step: Callable[[Tensor, Tensor], Any], make: Callable[[], Data], device: str) -> bool:
    """Whether two steps run: the second finds the memory as every later one does."""
    try:
        time_steps(step, make(), warmup=1, count=1)
        return True
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return False
    finally:
        # What a failed step left in cycles and in the allocator's cache is not there for the next batch.
        gc.collect()
        if device == "cuda":
            torch.cuda.empty_cache()


def measure(options: argparse.Namespace) -> Dict[str, Any]:
    """The fields of the JSON line."""
    recipe = {} if options.model in resnet.NAMES else settings.load(options.model)
    data_settings = recipe.get("data", {})
    extents = data_settings.get("extents", [224, 224])
    if options.size:
        extents = [options.size] * len(extents)
    sample = [options.channels or data_settings.get("channels", 3), *(options.extents or extents)]
    classes = options.classes or data_settings.get("classes", 1000)
    run_options = contenders.Options(
        options.mode, options.compile_mode if options.compile else None, _PRECISIONS.get(options.precision), options.lipschitz,
        options.evaluations, options.channels_last == "on")
    torch.manual_seed(1)
    contender = contenders.build(options.model, recipe, sample, classes, options.device, run_options)
    if isinstance(contender, contenders.Twin):
        contender.network.draw_zero_convolutions()
        # Past the first steps, which iterate more often.
        contender.step.count = contender.network.settings.lipschitz.start_steps

    def data(batch: int) -> Data:
        return Data(batch, sample, classes, options.device, run_options.channels_last)

    def step(x: Tensor, targets: Tensor) -> Tensor:
        # With a rate of zero a long measurement on random data neither diverges nor drifts, and the update does all it ever does.
        return contender.run(x, targets, 0.0)

    batch = options.batch
    if options.largest_batch:
        batch = largest(lambda n: fits(step, lambda: data(n), options.device), options.batch)
        if batch == 0:
            raise settings.SettingsError(f"not even a part of a batch of {options.batch} fits this device; use smaller samples")
    times = time_steps(step, data(batch), options.warmup, options.steps)
    milliseconds = statistics.median(times)
    evaluations = contender.evaluations
    cuda = options.device == "cuda"
    return {
        "model": options.model, "mode": options.mode, "compiled": options.compile, "batch": batch,
        "images_per_second": 1e3 * batch / milliseconds, "step_ms": milliseconds, "least_ms": min(times), "n": len(times),
        "peak_bytes": torch.cuda.max_memory_allocated() if cuda else None,
        "reserved_bytes": torch.cuda.max_memory_reserved() if cuda else None,
        "mean_evaluations": statistics.mean(evaluations) if evaluations else None, "loss": float(contender.loss.detach()),
        "parameters": sum(p.numel() for p in contender.network.parameters()), "sample": sample, "precision": options.precision,
        "channels_last": run_options.channels_last, "arithmetic": contender.arithmetic, "cudnn_benchmark": torch.backends.cudnn.benchmark,
        "torch": torch.__version__, "device": devices.describe(options.device),
    }


def prepare_device(options: argparse.Namespace) -> None:
    """Switches of PyTorch that change its speed; they are in the output."""
    devices.require(options.device)
    torch.backends.cudnn.benchmark = True


def positive(text: str) -> int:
    """A positive whole number, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive whole number")
    return value


def _extents(text: str) -> List[int]:
    values = [positive(extent) for extent in text.split(",")]
    if len(values) not in (2, 3):
        raise argparse.ArgumentTypeError(f"{text} is not H,W or D,H,W")
    return values


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description="Time and memory of a training step of a PyTorch twin; one line of JSON.")
    parser.add_argument("--model", required=True, help=f"a recipe file, a preset of RevUp, or {', '.join(resnet.NAMES)}")
    parser.add_argument("--mode", choices=MODES, default=PLAIN)
    parser.add_argument("--compile", action="store_true", help="use torch.compile")
    parser.add_argument("--compile-mode", default="default", help="of torch.compile: reduce-overhead, max-autotune, ...")
    parser.add_argument("--batch", type=positive, default=32)
    parser.add_argument("--largest-batch", action="store_true", help="find the largest batch that fits, starting from --batch (GPU)")
    parser.add_argument("--size", type=positive, help="every extent of a sample (default: the recipe's, else 224)")
    parser.add_argument("--extents", type=_extents, help="H,W or D,H,W in place of --size")
    parser.add_argument("--channels", type=positive)
    parser.add_argument("--classes", type=positive)
    parser.add_argument("--precision", choices=sorted(_PRECISIONS), default="bf16", help="of the convolutions, or of autocast")
    parser.add_argument("--lipschitz", choices=["none", "perLayer", "perBranch"], help="in place of the recipe's mode")
    parser.add_argument("--evaluations", type=positive, help="a fixed k for every block, in place of the stop rule")
    parser.add_argument("--channels-last", choices=["on", "off"], default="on")
    parser.add_argument("--warmup", type=positive, default=5)
    parser.add_argument("--steps", type=positive, default=20)
    parser.add_argument("--device", choices=devices.NAMES, default=devices.DEFAULT)
    options = parser.parse_args(arguments)
    if options.largest_batch and options.device == "cpu":
        parser.error("--largest-batch measures the memory of a GPU; on the processor the system would swap or end the process")
    return options


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command line."""
    options = parse(arguments)
    try:
        prepare_device(options)
        print(json.dumps(measure(options)))
    except (settings.SettingsError, InversionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        print(f"error: a batch of {options.batch} does not fit the memory of this device: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
