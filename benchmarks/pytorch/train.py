"""Trains a twin, or a ResNet with batch normalisation, on CIFAR-10 by one of RevUp's recipes: the last line is the result as JSON.

    python3 train.py --recipe ../../../src/RevUp.Cli/recipes/cifar-revup-110.json --lipschitz perBranch --data FOLDER --mode invert --seed 1
    python3 train.py --recipe ... --data FOLDER --network resnet-110-batchnorm

Everything lies on the device; augmentation, order and schedule are the recipe's. Top-1 is measured after the last epoch, not the best.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from typing import Any, Dict, Optional, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

import cifar
import contenders
import devices
import resnet
import settings
from execution import MODES, PLAIN
from inversion import InversionError
from throughput import prepare_device, positive

_KNOWN_DATA = {"dataset", "path", "padding", "flip", "workers", "prefetch", "trainingSamples", "extents", "channels", "classes"}
_KNOWN_TRAINING = {"epochs", "batchSize", "accumulate", "seed", "labelSmoothing", "clipNorm", "optimizer", "schedule",
                   "checkpointEverySteps", "keepCheckpoints", "evaluateEveryEpochs"}
_TWIN = "twin"
_EVALUATION_BATCH = 500


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a recipe says about data and training."""

    epochs: int
    batch: int
    padding: int
    flip: bool
    smoothing: float
    schedule: settings.ScheduleSettings

    @staticmethod
    def of(recipe: Dict[str, Any], epochs: Optional[int]) -> "Plan":
        """Reads a recipe; what would train differently here is an error."""
        data, training = recipe.get("data", {}), recipe.get("training", {})
        for section, values, known in (("data", data, _KNOWN_DATA), ("training", training, _KNOWN_TRAINING)):
            unknown = sorted(set(values) - known)
            if unknown:
                raise settings.SettingsError(
                    f"train.py does not know {section}.{unknown[0]} and would train otherwise than the recipe says; take it out")
        if training.get("accumulate", 1) != 1:
            raise settings.SettingsError("train.py does not accumulate gradients; use a recipe with training.accumulate 1")
        return Plan(epochs or training.get("epochs", 1), training.get("batchSize", 128), data.get("padding", 0), data.get("flip", False),
                    training.get("labelSmoothing", 0.0), settings.schedule(recipe))

    def factor(self, step: int, steps_per_epoch: int) -> float:
        """The schedule's factor of the learning rate in a step, counted from 0."""
        schedule = self.schedule
        if step < schedule.warmup_steps:
            return (step + 1) / (schedule.warmup_steps + 1)
        if schedule.kind == "step":
            return schedule.factor ** sum(step >= milestone * steps_per_epoch for milestone in schedule.milestones)
        if schedule.kind == "cosine":
            rest = max(1, self.epochs * steps_per_epoch - schedule.warmup_steps)
            return 0.5 * (1 + math.cos(math.pi * (step - schedule.warmup_steps) / rest))
        return 1.0


def targets(labels: Tensor, smoothing: float) -> Tensor:
    """One-hot rows with a share of their mass spread over all classes."""
    return F.one_hot(labels, cifar.CLASSES).float() * (1 - smoothing) + smoothing / cifar.CLASSES


def evaluate(contender: contenders.Contender, test: cifar.Split, normalization: cifar.Normalization) -> float:
    """Top-1, a fraction."""
    correct = torch.zeros((), device=test.labels.device)
    for start in range(0, len(test), _EVALUATION_BATCH):
        images, labels = test.images[start:start + _EVALUATION_BATCH], test.labels[start:start + _EVALUATION_BATCH]
        correct += (contender.logits(_layout(normalization(images))).argmax(1) == labels).sum()
    return float(correct) / len(test)


def _layout(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def train(contender: contenders.Contender, plan: Plan, sets: Sequence[cifar.Split], seed: int) -> Dict[str, float]:
    """Runs all epochs. Samples that do not fill a batch are left for the next epoch's order."""
    train_set, test_set = sets
    if len(train_set) < plan.batch:
        raise settings.SettingsError(
            f"{len(train_set)} samples do not fill a batch of {plan.batch}; use more samples, or a smaller training.batchSize")
    device = train_set.labels.device
    generator = torch.Generator(device=device).manual_seed(seed)
    normalization = cifar.Normalization(train_set)
    steps_per_epoch = len(train_set) // plan.batch
    seconds, top1, step = 0.0, 0.0, 0
    for epoch in range(plan.epochs):
        start = time.perf_counter()
        order = torch.randperm(len(train_set), generator=generator, device=device)
        loss = torch.zeros((), device=device)
        for index in order[:steps_per_epoch * plan.batch].view(-1, plan.batch):
            images = cifar.augment(train_set.images[index], plan.padding, plan.flip, generator)
            rows = targets(train_set.labels[index], plan.smoothing)
            contender.run(_layout(normalization(images)), rows, plan.factor(step, steps_per_epoch))
            loss += contender.loss.detach()
            step += 1
        mean_loss = float(loss) / steps_per_epoch
        seconds += time.perf_counter() - start
        if not math.isfinite(mean_loss):
            raise settings.SettingsError(
                f"the loss became {mean_loss} in epoch {epoch + 1}; use a lower training.optimizer.learningRate or a warm-up")
        top1 = evaluate(contender, test_set, normalization)
        print(f"epoch {epoch + 1}/{plan.epochs}: loss {mean_loss:.4f}, top-1 {100 * top1:.2f} %, {seconds:.0f} s", file=sys.stderr)
    return {"top1": top1, "last_loss": mean_loss, "train_seconds": seconds, "steps": step}


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Trains on CIFAR-10 by a recipe of RevUp; the last line is the result as JSON.")
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--data", required=True, help="folder of the binary version, or of train/CLASS and test/CLASS")
    parser.add_argument("--network", choices=[_TWIN, *resnet.NAMES], default=_TWIN)
    parser.add_argument("--mode", choices=MODES, default=PLAIN)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--precision", choices=["bfloat16", "tf32", "float32"], help="in place of the recipe's")
    parser.add_argument("--lipschitz", choices=["none", "perLayer", "perBranch"], help="in place of the recipe's")
    parser.add_argument("--evaluations", type=positive, help="a fixed k for every block, in place of the stop rule")
    parser.add_argument("--epochs", type=positive)
    parser.add_argument("--samples", type=positive, help="of the training set, drawn once and for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", choices=devices.NAMES, default=devices.DEFAULT)
    options = parser.parse_args(arguments)
    try:
        prepare_device(options)
        recipe = settings.load(options.recipe)
        plan = Plan.of(recipe, options.epochs)
        train_set, test_set = (part.to(options.device) for part in cifar.load(options.data))
        if options.samples:
            train_set = train_set.subset(options.samples)
        torch.manual_seed(options.seed)
        run_options = contenders.Options(
            options.mode, "default" if options.compile else None, options.precision, options.lipschitz, options.evaluations)
        contender = contenders.build(options.network, recipe, tuple(train_set.images.shape[1:]), cifar.CLASSES, options.device, run_options)
        result = train(contender, plan, (train_set, test_set), options.seed)
    except (settings.SettingsError, InversionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps({
        "recipe": recipe.get("name", options.recipe), "network": options.network, "mode": options.mode, "compiled": options.compile,
        "seed": options.seed, "epochs": plan.epochs, "samples": len(train_set), **result, "torch": torch.__version__,
        "device": devices.describe(options.device),
    }))
    return 0


if __name__ == "__main__":
    sys.exit(main())
