"""The layers of RevUp's networks: the same mathematics, the same names of parameters and state.

Shapes are PyTorch's, [N, C, (D), H, W], in channels-last memory; 2-D and 3-D are one code.
"""

from __future__ import annotations

import dataclasses
from typing import Callable, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import lipschitz
from settings import LipschitzSettings, ModelSettings

ACTIVATIONS = {"relu": F.relu, "elu": F.elu}


def to_last(x: Tensor) -> Tensor:
    """The same elements as [N, (D), H, W, C]: a view, contiguous where x is channels-last."""
    return x.movedim(1, -1)


def preactivation(activation: Optional[str], x: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """phi(x + a) + b; a and b have no dimension, so that a bfloat16 x stays one."""
    x = x + before
    return (x if activation is None else ACTIVATIONS[activation](x)) + after


class Convolution(nn.Module):
    """A convolution without bias and, where its norm is controlled, the vectors u and v of its power iteration."""

    def __init__(self, channels: Tuple[int, int], kernel: int, rank: int, groups: int = 1, stride: int = 1) -> None:
        super().__init__()
        (inner, outer) = channels
        self.groups, self.stride, self.padding = groups, stride, (kernel - 1) // 2
        self.weight = nn.Parameter(torch.empty(outer, inner // groups, *[kernel] * rank))

    def add_vectors(self, extents: Sequence[int], maximum_extent: int) -> None:
        """u and v on the layer's own extents, up to a maximum; for a 1x1 convolution they are vectors of channels."""
        kernel = self.weight.shape[-1]
        extents = [min(e, 1 if kernel == 1 else maximum_extent) for e in extents]
        for name, channels in (("u", self.weight.shape[0]), ("v", self.weight.shape[1] * self.groups)):
            self.register_buffer(name, lipschitz.unit(torch.randn(1, channels, *extents)))

    def iterate(self, iterations: int) -> Tensor:
        """sigma, after this many power iterations."""
        return lipschitz.power_iteration(self.weight, self.u, self.v, iterations, self.groups)

    def forward(self, x: Tensor) -> Tensor:
        return lipschitz.convolution(x, self.weight, self.stride, self.padding, self.groups)

    def extents(self, extents: Sequence[int]) -> List[int]:
        """Extents of the output."""
        return [(e + 2 * self.padding - self.weight.shape[-1]) // self.stride + 1 for e in extents]


def residual(activations: Sequence[Optional[str]], groups: Sequence[int], low_precision: bool, base: Tensor, point: Tensor, sign: int,
             *operands: Tensor) -> Tensor:
    """base + sign F(point), in their type; inside F everything is bfloat16 if low_precision says so and they are not float64.

    A function of its arguments alone: blocks of one form and shape share its compiled code.
    """
    scale, z = operands[0], point
    inner = torch.bfloat16 if low_precision and point.dtype == torch.float32 else point.dtype
    for j, activation in enumerate(activations):
        before, after, weight = operands[1 + 3 * j:4 + 3 * j]
        p = preactivation(activation, z, before, after).to(inner)
        z = lipschitz.convolution(p, weight.to(inner), padding=weight.shape[-1] // 2, groups=groups[j])
    return torch.add(base, scale * z.to(base.dtype), alpha=sign)


class Block(nn.Module):
    """y = x + F(x): a pre-activation Fixup branch of two or three convolutions, bounded as the settings say."""

    def __init__(self, settings: ModelSettings, channels: int, width: int, extents: Sequence[int], activated: bool,
                 free: bool = False) -> None:
        super().__init__()
        rank, groups = len(extents), settings.groups
        forms = {
            "basic": [(channels, width, 3, groups), (width, channels, 3, groups)],
            "bottleneck": [(channels, width, 1, 1), (width, width, 3, groups), (width, channels, 1, 1)],
        }[settings.branch]
        self.count = len(forms)
        self.settings: LipschitzSettings = dataclasses.replace(settings.lipschitz, mode="none") if free else settings.lipschitz
        self.groups = tuple(form[3] for form in forms)
        self.activation, self.activated = settings.activation, activated
        self.activations = tuple(self.activation_of(j) for j in range(self.count))
        self.low_precision = settings.precision == "bfloat16"
        self.function: Callable[..., Tensor] = residual
        for j, (inner, outer, kernel, group) in enumerate(forms, start=1):
            convolution = Convolution((inner, outer), kernel, rank, group)
            if self.settings.mode != "none":
                convolution.add_vectors(extents, self.settings.maximum_extent)
            self.add_module(f"conv{j}", convolution)
            self.register_parameter(f"bias{j}a", nn.Parameter(torch.zeros(1)))
            self.register_parameter(f"bias{j}b", nn.Parameter(torch.zeros(1)))
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("sigma", torch.zeros(self.count))

    @property
    def convolutions(self) -> List[Convolution]:
        return [getattr(self, f"conv{j}") for j in range(1, self.count + 1)]

    def operands(self, iterations: int) -> Tuple[Tensor, ...]:
        """What the branch is computed with in one step: the effective multiplier, then a, b and the scaled weight of each convolution.

        Without iterations the norms stay as training left them, for evaluation.
        """
        convolutions = self.convolutions
        sigmas: Sequence[Tensor] = self.sigma.unbind()
        if self.settings.mode != "none" and iterations > 0:
            sigmas = [convolution.iterate(iterations) for convolution in convolutions]
            self.sigma.copy_(torch.stack([sigma.detach() for sigma in sigmas]))
        factors, scale = lipschitz.branch_factors(self.settings, self.scale.view(()), sigmas)
        result = [scale]
        for j, convolution in enumerate(convolutions):
            weight = convolution.weight * factors[j] if factors else convolution.weight
            result += [getattr(self, f"bias{j + 1}a").view(()), getattr(self, f"bias{j + 1}b").view(()), weight]
        return tuple(result)

    def bound(self, operands: Sequence[Tensor]) -> float:
        """|s| prod(alpha sigma) as it is computed now: the Lipschitz bound of F."""
        sigmas = [float(sigma) for sigma in self.sigma]
        if self.settings.mode == "perLayer":
            sigmas = [min(sigma, self.settings.coefficient) for sigma in sigmas]
        product = abs(float(operands[0].detach()))
        for sigma in sigmas:
            product *= sigma
        return product

    def activation_of(self, j: int) -> Optional[str]:
        """phi; the first block of a network starts without it, where it would only destroy input."""
        return self.activation if j > 0 or self.activated else None

    def advance(self, base: Tensor, point: Tensor, sign: int, *operands: Tensor) -> Tensor:
        """base + sign F(point): the block itself with x, x and 1, a step of its inversion with y, x and -1."""
        return self.function(self.activations, self.groups, self.low_precision, base, point, sign, *operands)

    def forward(self, x: Tensor, *operands: Tensor) -> Tensor:
        return self.advance(x, x, 1, *operands)


class ChannelAffine(nn.Module):
    """y = a x + b with a = 2^tanh(t) and b for every channel, y = x at first; t and b are its operands."""

    def __init__(self, channels: int, rank: int) -> None:
        super().__init__()
        self.shape = [channels] + [1] * rank
        self.scale = nn.Parameter(torch.zeros(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def operands(self, iterations: int) -> Tuple[Tensor, ...]:
        """t and b, to be broadcast."""
        return self.scale.view(self.shape), self.shift.view(self.shape)

    def forward(self, x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return x * torch.exp2(torch.tanh(scale)) + shift

    def inverse(self, y: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """x."""
        return (y - shift) * torch.exp2(-torch.tanh(scale))


class Squeeze(nn.Module):
    """Space-to-depth with blocks of 2: channel c of the position (i, j) in a block becomes channel (2 i + j) C + c."""

    def forward(self, x: Tensor) -> Tensor:
        last = to_last(x)
        batch, extents, channels = last.shape[0], last.shape[1:-1], last.shape[-1]
        rank = len(extents)
        blocks = last.reshape(batch, *[n for e in extents for n in (e // 2, 2)], channels)
        order = [0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1]
        return blocks.permute(order).reshape(batch, *[e // 2 for e in extents], channels << rank).movedim(-1, 1)

    def inverse(self, y: Tensor) -> Tensor:
        """x; also the gradient of the squeeze, a permutation."""
        last = to_last(y)
        batch, extents = last.shape[0], last.shape[1:-1]
        rank, channels = len(extents), last.shape[-1] >> len(extents)
        blocks = last.reshape(batch, *extents, *[2] * rank, channels)
        order = [0, *[axis for i in range(rank) for axis in (1 + i, 1 + rank + i)], 2 * rank + 1]
        return blocks.permute(order).reshape(batch, *[2 * e for e in extents], channels).movedim(-1, 1)


class ChannelPad(nn.Module):
    """Appends zero channels."""

    def __init__(self, inner: int, outer: int, rank: int) -> None:
        super().__init__()
        self.inner, self.padding = inner, [0, 0] * rank + [0, outer - inner]

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding)

    def inverse(self, y: Tensor) -> Tensor:
        """x; also the gradient of the padding."""
        return y[:, :self.inner]


class MaxPool(nn.Module):
    """Maximum over windows of 3, stride 2, padding 1."""

    def forward(self, x: Tensor) -> Tensor:
        pool = F.max_pool2d if x.dim() == 4 else F.max_pool3d
        return pool(x, 3, 2, 1)


class Transition(Convolution):
    """W * (phi(x + a) + b) with stride 2; the convolution is bfloat16 if low_precision says so and x is not float64."""

    def __init__(self, channels: Tuple[int, int], kernel: int, rank: int, activation: str, low_precision: bool = False) -> None:
        super().__init__(channels, kernel, rank, stride=2)
        self.bias1a = nn.Parameter(torch.zeros(1))
        self.bias1b = nn.Parameter(torch.zeros(1))
        self.activation, self.low_precision = activation, low_precision

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.bfloat16 if self.low_precision and x.dtype == torch.float32 else x.dtype
        p = preactivation(self.activation, x, self.bias1a.view(()), self.bias1b.view(())).to(inner)
        return lipschitz.convolution(p, self.weight.to(inner), self.stride, self.padding, self.groups).to(x.dtype)


class Head(nn.Module):
    """W mean(phi(x + a) + b) + bias, the mean over all positions."""

    def __init__(self, channels: int, classes: int, activation: str) -> None:
        super().__init__()
        self.bias1a = nn.Parameter(torch.zeros(1))
        self.bias1b = nn.Parameter(torch.zeros(1))
        self.weight = nn.Parameter(torch.zeros(classes, channels))
        self.bias = nn.Parameter(torch.zeros(classes))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        p = preactivation(self.activation, x, self.bias1a.view(()), self.bias1b.view(()))
        return F.linear(p.flatten(2).mean(2), self.weight, self.bias)
