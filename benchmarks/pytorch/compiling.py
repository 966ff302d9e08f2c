"""torch.compile, where this PyTorch has it."""

from __future__ import annotations

from typing import Callable

import torch

from execution import INVERT
from settings import SettingsError
from training import Step

# Distinct forms of blocks, with and without gradients, must not exhaust the compiler's cache: it would fall back to eager in silence.
_CACHE_SIZE = 128


def compiled(function: Callable, mode: str) -> Callable:
    """The function, compiled for its arguments' shapes."""
    if not hasattr(torch, "compile"):
        raise SettingsError(f"PyTorch {torch.__version__} has no torch.compile; use PyTorch 2, or leave --compile out")
    import torch._dynamo as dynamo
    for limit in ("cache_size_limit", "recompile_limit", "accumulated_cache_size_limit", "accumulated_recompile_limit"):
        if hasattr(dynamo.config, limit):
            setattr(dynamo.config, limit, max(getattr(dynamo.config, limit), _CACHE_SIZE))
    return torch.compile(function, mode=mode, dynamic=False)


def compile_step(step: Step, mode: str) -> None:
    """Compiles a twin's step.

    Power iterations are one graph. So is the forward pass of plain and checkpoint, with its backward pass. Inversion cannot be traced,
    since autograd runs inside its backward pass: there every block, its recomputation and gradient included, is one graph.
    """
    step.prepare = compiled(step.network.prepare, mode)
    if step.execution.mode != INVERT:
        step.forward = compiled(step.execution, mode)
        return
    blocks = step.network.blocks
    function = compiled(blocks[0].function, mode)
    for block in blocks:
        block.function = function
