"""The three ways a block gets its input back: plain autograd, torch.utils.checkpoint, and inversion."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from inversion import InvertedChain, StopRule
from layers import Block, ChannelAffine, ChannelPad, Squeeze
from network import Network
from settings import SettingsError

PLAIN, CHECKPOINT, INVERT = MODES = ("plain", "checkpoint", "invert")


class Segment(nn.Module):
    """Layers in a row that store nothing, or one layer that stores its input."""

    def __init__(self, layers: Sequence[nn.Module], first: int, first_block: int, inverted: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.first, self.first_block, self.inverted = first, first_block, inverted
        self.is_block = isinstance(layers[0], Block)


class Execution(nn.Module):
    """The forward pass of a network in one of the modes; its backward pass is autograd's."""

    def __init__(self, network: Network, mode: str, rule: StopRule, anchor_every: int = 0) -> None:
        super().__init__()
        if mode == INVERT and network.settings.lipschitz.mode == "none":
            raise SettingsError("blocks with model.lipschitz.mode 'none' have no inverse; use 'perBranch', or another mode")
        self.mode, self.rule = mode, rule
        self.segments = nn.ModuleList(_segments(network.chain, mode == INVERT, anchor_every))

    def forward(self, x: Tensor, operands: Sequence[Tuple[Tensor, ...]]) -> Tensor:
        """Logits of a batch; Network.prepare makes the operands."""
        for segment in self.segments:
            layers = operands[segment.first:segment.first + len(segment.layers)]
            own = [operand for layer in layers for operand in layer]
            if segment.inverted:
                x = InvertedChain.apply(x, segment.layers, segment.first_block, self.rule, [len(layer) for layer in layers], *own)
            elif segment.is_block and self.mode != PLAIN:
                x = checkpoint(segment.layers[0], x, *own, use_reentrant=False)
            else:
                x = segment.layers[0](x, *own)
        return x


def _segments(chain: Sequence[nn.Module], invert: bool, anchor_every: int) -> List[Segment]:
    """As RevUp's memory plan: the network's input, anchors, and the inputs of layers that have no inverse are kept."""
    segments: List[Tuple[List[nn.Module], int, int, bool]] = []
    block = 0
    for position, layer in enumerate(chain):
        is_block = isinstance(layer, Block)
        anchor = is_block and anchor_every > 0 and block > 0 and block % anchor_every == 0
        free = is_block and layer.settings.mode == "none"
        inverted = invert and position > 0 and not anchor and not free and isinstance(layer, (Block, ChannelAffine, Squeeze, ChannelPad))
        if inverted and segments and segments[-1][3]:
            segments[-1][0].append(layer)
        else:
            segments.append(([layer], position, block, inverted))
        block += is_block
    return [Segment(*segment) for segment in segments]
