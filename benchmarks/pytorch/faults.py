"""Twins that are wrong on purpose: each is a mistake that is easy to make, and that the comparison has to find."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, ContextManager, Sequence, Tuple
from unittest import mock

import torch
from torch import Tensor

import inversion
import lipschitz
from layers import Block
from settings import LipschitzSettings, ModelSettings, OptimizerSettings, ReversibleSettings
import training


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, the networks that it can show in, and how to make it."""

    name: str
    applies: Callable[[ModelSettings, ReversibleSettings], bool]
    inject: Callable[[], ContextManager[Any]]


def _no_gradient_through_sigma() -> ContextManager[Any]:
    original = lipschitz.branch_factors

    def factors(settings: LipschitzSettings, scale: Tensor, sigmas: Sequence[Tensor]) -> Tuple:
        return original(settings, scale, [sigma.detach() for sigma in sigmas])

    return mock.patch.object(lipschitz, "branch_factors", factors)


def _no_power_iteration() -> ContextManager[Any]:
    original = lipschitz.power_iteration

    def iteration(weight: Tensor, u: Tensor, v: Tensor, iterations: int, groups: int) -> Tensor:
        return original(weight, u, v, 0, groups)

    return mock.patch.object(lipschitz, "power_iteration", iteration)


def _scalars_at_the_full_rate() -> ContextManager[Any]:
    original = training.optimizer_for

    def optimizer(network: Any, settings: OptimizerSettings) -> torch.optim.Optimizer:
        return original(network, dataclasses.replace(settings, scalar_learning_rate_factor=1.0))

    return mock.patch.object(training, "optimizer_for", optimizer)


def _first_block_activated() -> ContextManager[Any]:
    return mock.patch.object(Block, "activation_of", lambda self, j: self.activation)


def _input_of_last_evaluation_handed_on() -> ContextManager[Any]:
    original = inversion.invert

    def invert(block: Block, index: int, y: Tensor, gradient: Tensor, operands: Sequence[Tensor], rule: Any) -> Tuple:
        points = []
        with mock.patch.object(inversion.Iteration, "stops", _recording(points)):
            _, *rest = original(block, index, y, gradient, operands, rule)
        return (points[-1], *rest)

    return mock.patch.object(inversion, "invert", invert)


def _recording(points: list) -> Callable:
    original = inversion.Iteration.stops

    def stops(self: Any, point: Tensor, following: Tensor) -> bool:
        points.append(point)
        return original(self, point, following)

    return stops


def _bounded(model: ModelSettings, _: ReversibleSettings) -> bool:
    return model.lipschitz.mode != "none"


def _inverted(_: ModelSettings, policy: ReversibleSettings) -> bool:
    return policy.policy == "invert"


def _always(_: ModelSettings, __: ReversibleSettings) -> bool:
    return True


ALL = [
    Fault("no gradient through sigma", _bounded, _no_gradient_through_sigma),
    Fault("no power iteration", _bounded, _no_power_iteration),
    Fault("Fixup's scalars at the full learning rate", _always, _scalars_at_the_full_rate),
    Fault("first block starts with an activation", _always, _first_block_activated),
    Fault("the point of the last evaluation handed on", _inverted, _input_of_last_evaluation_handed_on),
]
