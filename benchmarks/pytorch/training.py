"""One optimiser update of a twin: power iterations, forward and backward over one batch, update."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, Callable, Dict, List, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from execution import Execution
from network import Network
from settings import OptimizerSettings


def optimizer_for(network: Network, settings: OptimizerSettings) -> torch.optim.Optimizer:
    """SGD or AdamW, with Fixup's scalars in a group of their own: a fraction of the learning rate, and their own decay."""
    named = list(network.groups())
    rate = settings.learning_rate
    groups = [
        _group([p for _, p, scalar in named if not scalar], rate, settings.weight_decay),
        _group([p for _, p, scalar in named if scalar], rate * settings.scalar_learning_rate_factor, settings.scalar_weight_decay),
    ]
    if settings.kind == "adamW":
        betas = (settings.beta1, settings.beta2)
        return torch.optim.AdamW(groups, lr=rate, betas=betas, eps=settings.epsilon, **fused(torch.optim.AdamW, named[0][1]))
    return torch.optim.SGD(
        groups, lr=rate, momentum=settings.momentum, nesterov=settings.nesterov, **fused(torch.optim.SGD, named[0][1]))


def _group(parameters: List[Tensor], rate: float, decay: float) -> Dict[str, Any]:
    return {"params": parameters, "lr": rate, "base_lr": rate, "weight_decay": decay}


def fused(kind: type, parameter: Tensor) -> Dict[str, bool]:
    """The single-kernel update on a GPU, where this version of PyTorch has one."""
    return {"fused": True} if parameter.is_cuda and "fused" in inspect.signature(kind).parameters else {}


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean over the samples of -sum_c t_c log softmax(logits)_c."""
    return -(targets * F.log_softmax(logits, dim=1)).sum(dim=1).mean()


def clip(parameters: Sequence[Tensor], norm: float) -> None:
    """Scales all gradients by min(1, norm / |g|), exactly: torch.nn.utils.clip_grad_norm_ adds 1e-6 to |g|."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    total = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    factor = (norm / total).clamp(max=1)
    for gradient in gradients:
        gradient.mul_(factor)


@dataclasses.dataclass
class Step:
    """Forward, backward and update; `forward` and `prepare` may be compiled."""

    network: Network
    execution: Execution
    optimizer: torch.optim.Optimizer
    clip_norm: float = 0.0
    count: int = 0

    def __post_init__(self) -> None:
        self.prepare: Callable = self.network.prepare
        self.forward: Callable = self.execution

    def accumulate(self, x: Tensor, targets: Tensor) -> Tensor:
        """Logits; afterwards the gradients and `loss`, the mean cross-entropy, belong to this batch."""
        self.optimizer.zero_grad(set_to_none=True)
        iterations = self.network.settings.lipschitz.iterations_at(self.count)
        logits = self.forward(x, self.prepare(iterations))
        self.loss = cross_entropy(logits, targets)
        self.loss.backward()
        return logits.detach()

    def update(self, rate_factor: float = 1.0) -> None:
        """Clips and updates the parameters."""
        if self.clip_norm > 0:
            clip(list(self.network.parameters()), self.clip_norm)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate_factor
        self.optimizer.step()
        self.count += 1

    def run(self, x: Tensor, targets: Tensor, rate_factor: float = 1.0) -> Tensor:
        """A whole step; returns the logits before it."""
        logits = self.accumulate(x, targets)
        self.update(rate_factor)
        return logits
