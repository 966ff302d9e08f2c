"""RevUp's networks as PyTorch modules, built from the same settings in the same order."""

from __future__ import annotations

import math
from typing import Dict, Iterator, List, Sequence, Tuple

from torch import Tensor, nn

from layers import Block, ChannelAffine, ChannelPad, Convolution, Head, MaxPool, Squeeze, Transition
from settings import ModelSettings, SettingsError

_IMAGENET_STEM_CHANNELS = 64


class Network(nn.Module):
    """Stem, stages of invertible blocks with downsampling between them, classifier head; weights as Fixup draws them."""

    def __init__(self, settings: ModelSettings, extents: Sequence[int], channels: int, classes: int,
                 low_transitions: bool = False) -> None:
        super().__init__()
        self.settings = settings
        self._low_transitions = low_transitions
        self._chain: List[nn.Module] = []
        self._extents, self._channels = list(extents), channels
        self._leads = True
        self._build_stem(settings.stages[0].channels)
        self.stages = nn.ModuleList()
        for index, stage in enumerate(settings.stages):
            module = nn.Module()
            self.stages.append(module)
            if index > 0:
                self._build_transition(module, stage.channels)
            self._place("stage", module)
            module.blocks = nn.ModuleList()
            for _ in range(stage.blocks):
                free = self._leads and settings.lipschitz.free_leading_blocks
                block = Block(settings, self._channels, stage.inner_channels, self._extents, activated=len(self.blocks) > 0, free=free)
                self._leads = False
                module.blocks.append(block)
                self._place("block", block)
                self._chain.append(block)
        self.head = Head(self._channels, classes, settings.activation)
        self._chain.append(self.head)
        self._initialize()

    @property
    def chain(self) -> List[nn.Module]:
        """All layers, first to last."""
        return self._chain

    @property
    def blocks(self) -> List[Block]:
        """The invertible blocks, first to last."""
        return [layer for layer in self._chain if isinstance(layer, Block)]

    def prepare(self, iterations: int) -> List[Tuple[Tensor, ...]]:
        """Runs the power iterations of a step and returns the operands of every layer of the chain, with the gradient through sigma.

        Layers that store their input hold their parameters themselves, and have none.
        """
        return [layer.operands(iterations) if isinstance(layer, (Block, ChannelAffine)) else () for layer in self._chain]

    def groups(self) -> Iterator[Tuple[str, nn.Parameter, bool]]:
        """Name, parameter, and whether it is one of Fixup's scalars, which learn more slowly and do not decay."""
        for name, parameter in self.named_parameters():
            leaf = name.rsplit(".", 1)[-1]
            yield name, parameter, leaf in ("scale", "shift") or leaf.startswith("bias") and leaf != "bias"

    def tensors(self) -> Dict[str, Tensor]:
        """Parameters and power-iteration state by RevUp's names."""
        return {**dict(self.named_parameters()), **dict(self.named_buffers())}

    def _build_stem(self, channels: int) -> None:
        rank, settings = len(self._extents), self.settings
        if settings.stem == "pad":
            self._pad(channels)
            return
        image_net = settings.stem == "imageNet"
        outer, kernel, stride = (_IMAGENET_STEM_CHANNELS, 7, 2) if image_net else (channels, 3, settings.stem_stride)
        self.stem = Convolution((self._channels, outer), kernel, rank, stride=stride)
        self._append(self.stem, outer, self.stem.extents(self._extents))
        if image_net:
            self._append(MaxPool(), outer, [(e - 1) // 2 + 1 for e in self._extents])
            self._pad(channels)

    def _build_transition(self, stage: nn.Module, channels: int) -> None:
        rank, kernel = len(self._extents), self.settings.transition_kernel
        if self.settings.downsampling == "squeeze":
            if any(e % 2 for e in self._extents):
                raise SettingsError(f"a squeeze halves the extents {self._extents}, and one is odd; use even ones")
            self._append(Squeeze(), self._channels << rank, [e // 2 for e in self._extents])
            self._pad(channels)
            return
        stage.down = Transition((self._channels, channels), kernel, rank, self.settings.activation, self._low_transitions)
        self._append(stage.down, channels, stage.down.extents(self._extents))

    def _place(self, placement: str, owner: nn.Module) -> None:
        if self.settings.affine == placement:
            owner.affine = ChannelAffine(self._channels, len(self._extents))
            self._chain.append(owner.affine)

    def _pad(self, channels: int) -> None:
        if channels < self._channels:
            raise SettingsError(f"zero padding cannot reduce {self._channels} channels to {channels}; use more channels")
        if channels > self._channels:
            self._append(ChannelPad(self._channels, channels, len(self._extents)), channels, self._extents)

    def _append(self, layer: nn.Module, channels: int, extents: Sequence[int]) -> None:
        if min(extents) < 1:
            raise SettingsError(f"the input is too small for {len(self.settings.stages)} stages; use fewer, or larger samples")
        self._chain.append(layer)
        self._leads |= not isinstance(layer, (Squeeze, ChannelPad))
        self._channels, self._extents = channels, list(extents)

    def _initialize(self) -> None:
        """Fixup (arXiv 1901.09321): the last convolution of a branch and the classifier start at zero."""
        for layer in self._chain:
            if isinstance(layer, Block):
                m = layer.count
                for convolution in layer.convolutions[:-1]:
                    weight = convolution.weight
                    fan_out = weight.shape[0] * math.prod(weight.shape[2:])
                    nn.init.normal_(weight, std=math.sqrt(2 / fan_out) * len(self.blocks) ** (-1 / (2 * m - 2)))
                nn.init.zeros_(layer.convolutions[-1].weight)
            elif isinstance(layer, Convolution):
                gain = 2 if isinstance(layer, Transition) else 1
                nn.init.normal_(layer.weight, std=math.sqrt(gain * layer.weight.shape[0] / layer.weight.numel()))

    def draw_zero_convolutions(self) -> None:
        """Takes every branch away from zero, as training does: with F = 0 there would be nothing to invert."""
        for block in self.blocks:
            weight = block.convolutions[-1].weight
            nn.init.normal_(weight, std=math.sqrt(weight.shape[0] / weight.numel()))
