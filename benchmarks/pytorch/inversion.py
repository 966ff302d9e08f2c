"""Chains of invertible layers that store nothing: the backward pass rebuilds every input from the output.

x0 = y, x' = y - F(x), until L/(1-L) |x' - x| <= tolerance |x'| with L the measured contraction, as RevUp does it: the graph of the last
evaluation, at x, is the one that is differentiated, and x', one correction better, is handed on, so that k evaluations cost k.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from layers import Block, ChannelAffine
from settings import ReversibleSettings

_EXACT = 1e-6
_DIVERGING_STEPS = 3


class InversionError(Exception):
    """A block could not be inverted; the twin has no fallback, RevUp recomputes its input."""


@dataclasses.dataclass
class StopRule:
    """When the iterations stop, and a record of how many each block took in the last backward pass."""

    settings: ReversibleSettings
    fixed: Optional[Sequence[int]] = None
    evaluations: Optional[List[int]] = None

    def start(self, block: Block, index: int, operands: Sequence[Tensor]) -> "Iteration":
        """The iteration of one block. With fixed evaluations nothing is measured, so that the host never waits for the device."""
        if self.fixed is not None:
            return Iteration(self, index, self.fixed[index])
        return Iteration(self, index, None, contraction=block.bound(operands))


@dataclasses.dataclass
class Iteration:
    """The state of one fixed-point iteration."""

    rule: StopRule
    index: int
    fixed: Optional[int]
    contraction: float = math.nan
    previous: float = math.nan
    growing: int = 0
    count: int = 0

    def stops(self, point: Tensor, following: Tensor) -> bool:
        """Whether the evaluation at `point`, which gave `following`, was the last."""
        self.count += 1
        stop = self.count == self.fixed if self.fixed is not None else self._converged(following - point, following)
        if stop and self.rule.evaluations is not None:
            self.rule.evaluations[self.index] = self.count
        return stop

    def _converged(self, step: Tensor, following: Tensor) -> bool:
        settings = self.rule.settings
        correction, norm = torch.stack([torch.linalg.vector_norm(step), torch.linalg.vector_norm(following)]).tolist()
        measured = correction / self.previous if self.previous else math.nan
        self.contraction = self.contraction if math.isnan(measured) else measured
        self.previous = correction
        residual = correction / norm if norm > 0 else correction
        converged = self._error(residual) <= settings.tolerance and residual <= settings.hard_limit
        self.growing = self.growing + 1 if measured >= 1 and not converged else 0
        ends = self.count == settings.maximum_evaluations or self.growing == _DIVERGING_STEPS or not math.isfinite(residual)
        if ends and not residual <= settings.hard_limit:
            raise InversionError(
                f"block {self.index} has a residual of {residual:.1e} after {self.count} evaluations, above the hard limit of "
                f"{settings.hard_limit:.1e}; use a lower Lipschitz coefficient, or another mode")
        return converged or ends

    def _error(self, residual: float) -> float:
        # At the rounding floor corrections no longer shrink, and their ratio says nothing about the contraction.
        if residual < _EXACT / 4:
            return residual
        return self.contraction / (1 - self.contraction) * residual if self.contraction < 1 else math.inf


def invert(block: Block, index: int, y: Tensor, gradient: Tensor, operands: Sequence[Tensor],
           rule: StopRule) -> Tuple[Tensor, Tensor, Tuple[Tensor, ...]]:
    """x with x + F(x) = y, the gradient of x, and the gradients of the operands."""
    leaves = [operand.detach().requires_grad_() for operand in operands]
    iteration = rule.start(block, index, operands)
    point = y
    while True:
        point = point.detach().requires_grad_()
        with torch.enable_grad():
            following = block.advance(y, point, -1, *leaves)
        result = following.detach()
        if iteration.stops(point.detach(), result):
            break
        # Its graph is freed before the next evaluation: two at once would be the peak.
        del following
        point = result
    # Of y - F(x), so everything has the other sign.
    gradients = torch.autograd.grad(following, [point, *leaves], gradient)
    return result, gradient - gradients[0], tuple(-g for g in gradients[1:])


def undo(layer: ChannelAffine, y: Tensor, gradient: Tensor, operands: Sequence[Tensor]) -> Tuple[Tensor, Tensor, Tuple[Tensor, ...]]:
    """x with layer(x) = y, the gradient of x, and the gradients of the operands."""
    x = layer.inverse(y, *operands).requires_grad_()
    leaves = [operand.detach().requires_grad_() for operand in operands]
    with torch.enable_grad():
        again = layer(x, *leaves)
    gradients = torch.autograd.grad(again, [x, *leaves], gradient)
    return x.detach(), gradients[0], gradients[1:]


class InvertedChain(torch.autograd.Function):
    """A chain of invertible layers of which only the output is kept."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, layers: Sequence[nn.Module], first_block: int, rule: StopRule, counts: Sequence[int],
                *operands: Tensor) -> Tensor:
        ctx.layers, ctx.first_block, ctx.rule, ctx.counts = layers, first_block, rule, counts
        position = 0
        for layer, count in zip(layers, counts):
            x = layer(x, *operands[position:position + count])
            position += count
        ctx.save_for_backward(x, *operands)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tuple[Optional[Tensor], ...]:
        y, *operands = ctx.saved_tensors
        gradients: List[Tensor] = []
        position = len(operands)
        block = ctx.first_block + sum(isinstance(layer, Block) for layer in ctx.layers)
        for layer, count in zip(reversed(ctx.layers), reversed(ctx.counts)):
            own, position = operands[position - count:position], position - count
            own_gradients: Sequence[Tensor] = ()
            if isinstance(layer, Block):
                block -= 1
                y, gradient, own_gradients = invert(layer, block, y, gradient, own, ctx.rule)
            elif isinstance(layer, ChannelAffine):
                y, gradient, own_gradients = undo(layer, y, gradient, own)
            else:
                y, gradient = layer.inverse(y), layer.inverse(gradient)
            gradients[:0] = own_gradients
        return (gradient, None, None, None, None, *gradients)
