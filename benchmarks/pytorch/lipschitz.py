"""Spectral norms of convolution operators by power iteration, and the factors that bound a residual branch.

As RevUp does it (i-ResNet, arXiv 1811.00995): u and v are kept between steps, the gradient flows through sigma with u and v held
constant, and everything is fixed from the forward pass to the end of the backward pass.
"""

from __future__ import annotations

from typing import List, Sequence, Tuple

import torch
from torch import Tensor
from torch.nn import functional as F

from settings import LipschitzSettings

_ZERO_NORM = 1e-12


def convolution(x: Tensor, weight: Tensor, stride: int = 1, padding: int = 0, groups: int = 1) -> Tensor:
    """W * x in 2-D or 3-D, without bias."""
    apply = F.conv2d if weight.dim() == 4 else F.conv3d
    return apply(x, weight, None, stride, padding, 1, groups)


def transposed_convolution(u: Tensor, weight: Tensor, padding: int, groups: int) -> Tensor:
    """The adjoint of `convolution` with stride 1 and an odd kernel."""
    apply = F.conv_transpose2d if weight.dim() == 4 else F.conv_transpose3d
    return apply(u, weight, None, 1, padding, 0, groups)


def unit(x: Tensor) -> Tensor:
    """x / |x|; a vector of zeros, from a convolution that is zero, is drawn again so that the iteration starts once the weights do."""
    norm = torch.linalg.vector_norm(x)
    is_zero = norm <= _ZERO_NORM
    drawn = torch.where(is_zero, torch.randn_like(x), x)
    return drawn / torch.where(is_zero, torch.linalg.vector_norm(drawn), norm)


def power_iteration(weight: Tensor, u: Tensor, v: Tensor, iterations: int, groups: int) -> Tensor:
    """Updates u and v in place and returns sigma = |W v|, whose gradient with respect to W is the gradient of <u, W v>."""
    padding = weight.shape[-1] // 2
    with torch.no_grad():
        for i in range(iterations):
            v.copy_(unit(transposed_convolution(u, weight, padding, groups)))
            if i < iterations - 1:
                u.copy_(unit(convolution(v, weight, padding=padding, groups=groups)))
    # Not v itself: the next step changes it in place. Its copy is as small as one sample.
    image = convolution(v.clone(), weight, padding=padding, groups=groups)
    with torch.no_grad():
        u.copy_(unit(image))
    return torch.linalg.vector_norm(image)


def branch_factors(settings: LipschitzSettings, scale: Tensor, sigmas: Sequence[Tensor]) -> Tuple[List[Tensor], Tensor]:
    """Factors of the weights and the effective multiplier.

    perBranch: 1 and s min(1, c / (|s| prod sigma)); perLayer: min(1, c / sigma) and s / max(1, |s|); none: 1 and s.
    """
    c = settings.coefficient
    if settings.mode == "perBranch":
        bound = scale.abs() * torch.stack(list(sigmas)).prod()
        return [], scale * (c / bound.clamp(min=c))
    if settings.mode == "perLayer":
        return [c / sigma.clamp(min=c) for sigma in sigmas], scale / scale.abs().clamp(min=1)
    return [], scale
