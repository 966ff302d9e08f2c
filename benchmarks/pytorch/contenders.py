"""What can be measured or trained: a twin in one of its modes, or a network with batch normalisation, behind one interface."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, List, Optional, Sequence

import torch
from torch import Tensor, nn

import compiling
import devices
import resnet
import settings
from execution import CHECKPOINT, INVERT, Execution
from inversion import StopRule
from network import Network
from training import Step, cross_entropy, fused, optimizer_for


@dataclasses.dataclass(frozen=True)
class Options:
    """How a network is run."""

    mode: str
    compile_mode: Optional[str] = None
    precision: Optional[str] = None
    lipschitz: Optional[str] = None
    evaluations: Optional[int] = None
    channels_last: bool = True


class Contender:
    """A network with its optimiser."""

    network: nn.Module
    loss: Tensor
    arithmetic: str

    def run(self, x: Tensor, targets: Tensor, rate_factor: float = 1.0) -> Tensor:
        """A whole step, after which `loss` is its mean cross-entropy; returns the logits before it."""
        raise NotImplementedError

    def logits(self, x: Tensor) -> Tensor:
        """Logits of a batch for evaluation; norms and running statistics stay as they are."""
        raise NotImplementedError

    @property
    def evaluations(self) -> List[int]:
        """Branch evaluations of every block in the last step; empty when none was inverted."""
        return []


class Twin(Contender):
    """RevUp's network."""

    def __init__(self, _: str, recipe: Dict[str, Any], sample: Sequence[int], classes: int, device: str, options: Options) -> None:
        model = settings.model(recipe, options.lipschitz)
        precision = options.precision or model.precision
        if precision == "auto":
            precision = "bfloat16" if device == "cuda" else "float32"
        model = dataclasses.replace(model, precision=precision)
        self.arithmetic = _arithmetic(precision, device)
        low_transitions = precision == "bfloat16" and device == "cuda"
        self.network = _placed(Network(model, sample[1:], sample[0], classes, low_transitions), device, options, len(sample) - 1)
        policy = settings.reversible(recipe)
        blocks = len(self.network.blocks)
        fixed = [options.evaluations] * blocks if options.evaluations else None
        self.rule = StopRule(policy, fixed, [0] * blocks)
        execution = Execution(self.network, options.mode, self.rule, policy.anchor_every)
        clip_norm = float(recipe.get("training", {}).get("clipNorm", 0))
        self.step = Step(self.network, execution, optimizer_for(self.network, settings.optimizer(recipe)), clip_norm)
        if options.compile_mode:
            compiling.compile_step(self.step, options.compile_mode)

    def run(self, x: Tensor, targets: Tensor, rate_factor: float = 1.0) -> Tensor:
        logits = self.step.run(x, targets, rate_factor)
        self.loss = self.step.loss
        return logits

    def logits(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self.step.execution(x, self.network.prepare(0))

    @property
    def evaluations(self) -> List[int]:
        return [k for k in self.rule.evaluations or [] if k]


class BatchNorm(Contender):
    """A network with batch normalisation, under torch.autocast; the optimiser is the recipe's, SGD."""

    def __init__(
            self, name: str, recipe: Dict[str, Any], sample: Sequence[int], classes: int, device: str, options: Options) -> None:
        if options.mode == INVERT or options.lipschitz or options.evaluations:
            raise settings.SettingsError(
                f"'{name}' has no invertible blocks; use the modes plain and checkpoint, without settings of inversion")
        if len(sample) != 3:
            raise settings.SettingsError(f"'{name}' takes images, not samples of shape {list(sample)}; give two extents")
        self.network = _placed(resnet.build(name, sample[0], classes), device, options, rank=2)
        self.network.checkpointed = options.mode == CHECKPOINT
        self.device, self.bfloat16 = device, options.precision == "bfloat16"
        self.arithmetic = _arithmetic(options.precision or "float32", device)
        optimizer = settings.optimizer(recipe)
        groups = resnet.groups(self.network, optimizer.learning_rate, optimizer.weight_decay)
        self.optimizer = torch.optim.SGD(groups, lr=optimizer.learning_rate, momentum=optimizer.momentum, nesterov=optimizer.nesterov,
                                         **fused(torch.optim.SGD, next(self.network.parameters())))
        self.forward: Callable = compiling.compiled(self.network, options.compile_mode) if options.compile_mode else self.network

    def run(self, x: Tensor, targets: Tensor, rate_factor: float = 1.0) -> Tensor:
        """A whole step; returns the logits before it."""
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.bfloat16):
            logits = self.forward(x)
        self.loss = cross_entropy(logits.float(), targets)
        self.loss.backward()
        for group in self.optimizer.param_groups:
            group["lr"] = group["base_lr"] * rate_factor
        self.optimizer.step()
        return logits.detach().float()

    def logits(self, x: Tensor) -> Tensor:
        self.network.eval()
        with torch.no_grad(), torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.bfloat16):
            logits = self.network(x)
        self.network.train()
        return logits.float()


def build(name: str, recipe: Dict[str, Any], sample: Sequence[int], classes: int, device: str, options: Options) -> Contender:
    """The network with batch normalisation of this name, or else the recipe's twin; sample is [C, (D), H, W]."""
    kind = BatchNorm if name in resnet.NAMES else Twin
    return kind(name, recipe, sample, classes, device, options)


def memory_format(rank: int) -> torch.memory_format:
    """Channels-last, for images or volumes."""
    return torch.channels_last if rank == 2 else torch.channels_last_3d


def _arithmetic(precision: str, device: str) -> str:
    """Switches TF32 as a precision has it, and returns its name."""
    if precision == "tf32" and device != "cuda":
        raise settings.SettingsError("the precision is tf32, which only --device cuda computes; use bfloat16 or float32")
    devices.allow_tf32(precision != "float32")
    return devices.arithmetic(precision, device)


def _placed(network: nn.Module, device: str, options: Options, rank: int) -> nn.Module:
    network = network.to(device)
    return network.to(memory_format=memory_format(rank)) if options.channels_last else network
