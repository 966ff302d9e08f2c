"""Residual networks with batch normalisation, the well-known reference points, written from the paper (arXiv 1512.03385)."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from settings import SettingsError

NAMES = ("resnet-50-batchnorm", "resnet-110-batchnorm")


class BatchNormBlock(nn.Module):
    """phi(shortcut(x) + branch(x)): 3x3, 3x3, or 1x1, 3x3 (with the stride), 1x1; batch normalisation after every convolution."""

    def __init__(self, inner: int, width: int, outer: int, stride: int, bottleneck: bool, projected: bool) -> None:
        super().__init__()
        forms = [(inner, width, 1, 1), (width, width, 3, stride), (width, outer, 1, 1)] if bottleneck else \
            [(inner, width, 3, stride), (width, outer, 3, 1)]
        self.branch = nn.Sequential(*[layer for i, form in enumerate(forms) for layer in _normalized(*form, activated=i + 1 < len(forms))])
        self.stride, self.padding = stride, outer - inner
        self.projection = nn.Sequential(*_normalized(inner, outer, 1, stride, activated=False)) if projected else None

    def forward(self, x: Tensor) -> Tensor:
        if self.projection is not None:
            shortcut = self.projection(x)
        elif self.stride > 1 or self.padding > 0:
            # The paper's option A: every other position, zero channels.
            shortcut = F.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, 0, self.padding))
        else:
            shortcut = x
        return F.relu(shortcut + self.branch(x))


def _normalized(inner: int, outer: int, kernel: int, stride: int, activated: bool) -> List[nn.Module]:
    convolution = nn.Conv2d(inner, outer, kernel, stride, (kernel - 1) // 2, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    layers: List[nn.Module] = [convolution, nn.BatchNorm2d(outer)]
    return layers + [nn.ReLU(inplace=True)] if activated else layers


class BatchNormResNet(nn.Module):
    """Stem, stages of blocks, mean over all positions, classifier."""

    def __init__(self, stem: Sequence[nn.Module], blocks: Sequence[BatchNormBlock], channels: int, classes: int) -> None:
        super().__init__()
        self.stem, self.blocks = nn.Sequential(*stem), nn.ModuleList(blocks)
        self.head = nn.Linear(channels, classes)
        self.checkpointed = False

    def forward(self, x: Tensor) -> Tensor:
        """Logits. Checkpointing updates the running statistics twice, which the recomputation of a real run would have to avoid."""
        x = self.stem(x)
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.checkpointed else block(x)
        return self.head(x.mean((2, 3)))


def build(name: str, channels: int, classes: int) -> BatchNormResNet:
    """One of NAMES: ResNet-50 (table 1, stride in the 3x3 convolution as torchvision has it), ResNet-110 for CIFAR (section 4.2)."""
    if name == "resnet-50-batchnorm":
        stem = [*_normalized(channels, 64, 7, 2, activated=True), nn.MaxPool2d(3, 2, 1)]
        stages = [(3, 64, 256, 1), (4, 128, 512, 2), (6, 256, 1024, 2), (3, 512, 2048, 2)]
        return BatchNormResNet(stem, _blocks(64, stages, bottleneck=True), 2048, classes)
    if name == "resnet-110-batchnorm":
        stages = [(18, 16, 16, 1), (18, 32, 32, 2), (18, 64, 64, 2)]
        return BatchNormResNet(_normalized(channels, 16, 3, 1, activated=True), _blocks(16, stages, bottleneck=False), 64, classes)
    raise SettingsError(f"there is no network '{name}' here; there are {', '.join(NAMES)}")


def _blocks(channels: int, stages: Sequence[Tuple[int, int, int, int]], bottleneck: bool) -> List[BatchNormBlock]:
    blocks = []
    for count, width, outer, stride in stages:
        for i in range(count):
            projected = bottleneck and i == 0
            blocks.append(BatchNormBlock(channels, width, outer, stride if i == 0 else 1, bottleneck, projected))
            channels = outer
    return blocks


def groups(network: nn.Module, rate: float, decay: float) -> List[dict]:
    """Weights decay; what batch normalisation learns, and biases, do not."""
    named = list(network.named_parameters())
    return [
        {"params": [p for _, p in named if p.dim() > 1], "lr": rate, "base_lr": rate, "weight_decay": decay},
        {"params": [p for _, p in named if p.dim() <= 1], "lr": rate, "base_lr": rate, "weight_decay": 0.0},
    ]
