"""Networks and their training as RevUp's recipes state them: JSON with comments, the same member names, no second description.

A member that a twin does not know is an error: it could change the network, and the twin would be another one in silence.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

PRESETS = Path(__file__).with_name("presets.json")


class SettingsError(Exception):
    """A setting that is unknown or impossible, or a file that is missing or damaged; the message names it and the fix."""


@dataclasses.dataclass(frozen=True)
class StageSettings:
    """Blocks of one resolution."""

    blocks: int = 1
    channels: int = 16
    width: int = 0

    @property
    def inner_channels(self) -> int:
        """Channels inside the branches."""
        return self.width or self.channels


@dataclasses.dataclass(frozen=True)
class LipschitzSettings:
    """How the Lipschitz constant of the residual branches is bounded."""

    mode: str = "perBranch"
    coefficient: float = 0.9
    target_contraction: float = 0.7
    target_evaluations: int = 4
    free_leading_blocks: bool = False
    iterations: int = 1
    start_iterations: int = 5
    start_steps: int = 20
    maximum_extent: int = 32

    def iterations_at(self, step: int) -> int:
        """Power iterations of a step, counted from 0."""
        return self.start_iterations if step < self.start_steps else self.iterations


@dataclasses.dataclass(frozen=True)
class ModelSettings:
    """A network, apart from the size of its input and the number of its classes."""

    stem: str = "convolution"
    stem_stride: int = 1
    stem_channels: int = 0
    downsampling: str = "strided"
    transition_kernel: int = 3
    stages: Tuple[StageSettings, ...] = ()
    block: str = "invertible"
    normalization: str = "fixup"
    branch: str = "basic"
    activation: str = "relu"
    affine: str = "none"
    mixing: str = "none"
    groups: int = 1
    precision: str = "float32"
    lipschitz: LipschitzSettings = LipschitzSettings()


@dataclasses.dataclass(frozen=True)
class ReversibleSettings:
    """How activations come back in the backward pass."""

    policy: str = "invert"
    memory_budget: int = 0
    allow_compress: bool = False
    plan: None = None
    slab: str = "auto"
    anchor_every: int = 0
    compress_bits: int = 8
    tolerance: float = 1e-2
    maximum_evaluations: int = 50
    hard_limit: float = 5e-2
    evaluations: str = "full"


@dataclasses.dataclass(frozen=True)
class OptimizerSettings:
    """The update rule; torch.optim defines it."""

    kind: str = "sgd"
    learning_rate: float = 0.1
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 5e-4
    scalar_learning_rate_factor: float = 0.1
    scalar_weight_decay: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8


@dataclasses.dataclass(frozen=True)
class ScheduleSettings:
    """The learning rate over time, as a factor of the optimiser's."""

    kind: str = "cosine"
    warmup_steps: int = 0
    milestones: Tuple[int, ...] = ()
    factor: float = 0.1


# Of members with few values, those that the twin computes: of an option that it does not have, the value that is RevUp's default.
_CHOICES: Dict[str, Tuple[Any, ...]] = {
    "stem": ("pad", "convolution", "imageNet"),
    "stem_channels": (0,),
    "downsampling": ("squeeze", "strided"),
    "block": ("invertible",),
    "normalization": ("fixup",),
    "branch": ("basic", "bottleneck"),
    "activation": ("relu", "elu"),
    "affine": ("none", "stage", "block"),
    "mixing": ("none",),
    "precision": ("float32", "bfloat16", "auto", "tf32"),
    "mode": ("none", "perLayer", "perBranch"),
    "policy": ("store", "checkpoint", "invert"),
    "memory_budget": (0,),
    "plan": (None,),
    "slab": ("auto", "off"),
    "evaluations": ("full",),
}


def parse(text: str, origin: str) -> Dict[str, Any]:
    """A JSON object with comments and trailing commas, as RevUp reads recipes."""
    string = r'"(?:\\.|[^"\\])*"'
    text = re.sub(string + r"|//[^\n]*|/\*.*?\*/", lambda m: m[0] if m[0][0] == '"' else " ", text, flags=re.DOTALL)
    text = re.sub(string + r"|,(?=\s*[}\]])", lambda m: m[0] if m[0][0] == '"' else "", text)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{origin} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise SettingsError(f"{origin} is not a JSON object; a recipe is one, with the member 'model'")
    return value


def read(kind: type, values: Dict[str, Any], path: str) -> Any:
    """A settings object from its JSON members; what is not given keeps its default."""
    hints = typing.get_type_hints(kind)
    members: Dict[str, Any] = {}
    for name, value in values.items():
        field = re.sub(r"(?<!^)([A-Z])", lambda m: "_" + m[1].lower(), name)
        if field not in hints:
            raise SettingsError(
                f"{path}.{name} is not known to the PyTorch twin, which would be another network without it; "
                f"the twin knows {', '.join(sorted(hints))}")
        if field in _CHOICES and value not in _CHOICES[field]:
            known = ", ".join(json.dumps(choice) for choice in _CHOICES[field])
            raise SettingsError(
                f"{path}.{name} is {json.dumps(value)}, which the PyTorch twin does not compute; give it one of what it does: {known}")
        members[field] = _convert(hints[field], value, f"{path}.{name}")
    return kind(**members)


def _convert(hint: Any, value: Any, path: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return read(typing.cast(type, hint), value, path)
    if typing.get_origin(hint) is tuple and isinstance(value, list):
        element = typing.get_args(hint)[0]
        return tuple(_convert(element, item, f"{path}[{i}]") for i, item in enumerate(value))
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    raise SettingsError(f"{path} is {value!r}, which is not of the type that RevUp writes there ({hint})")


def preset(name: str) -> Dict[str, Any]:
    """The JSON of one of RevUp's model presets; a test keeps presets.json equal to RevUp's own."""
    presets = parse(PRESETS.read_text(encoding="utf-8"), str(PRESETS))
    if name not in presets:
        raise SettingsError(f"there is no model preset or file '{name}'; the presets are {', '.join(sorted(presets))}")
    return presets[name]


def load(name: str) -> Dict[str, Any]:
    """The JSON of a recipe file, base and preset expanded; the name of a preset stands for a recipe with this model alone."""
    path = Path(name)
    if not path.is_file():
        if path.suffix:
            raise SettingsError(f"the recipe '{name}' does not exist; name a JSON file or a model preset")
        return {"model": preset(name)}
    recipe = _with_base(_read_file(path), path)
    given = dict(recipe.get("model", {}))
    recipe["model"] = _merge(preset(given.pop("preset")), given) if "preset" in given else given
    return recipe


def _read_file(path: Path) -> Dict[str, Any]:
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the recipe '{path}' cannot be read: {error}") from error


def _with_base(recipe: Dict[str, Any], path: Path) -> Dict[str, Any]:
    """As RevUp does: a base is another recipe of the folder, or a file beside; a model with a preset replaces its model."""
    if "base" not in recipe:
        return recipe
    beside = path.parent / str(recipe["base"])
    base = _read_file(beside if beside.is_file() else beside.with_name(beside.name + ".json"))
    if "base" in base:
        raise SettingsError(f"{path}: base is '{recipe['base']}', which has a base itself; name a recipe without one")
    if "preset" in recipe.get("model", {}):
        base.pop("model", None)
    return {name: value for name, value in _merge(base, recipe).items() if name != "base"}


def _merge(base: Dict[str, Any], changes: Dict[str, Any]) -> Dict[str, Any]:
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        merged[name] = _merge(base[name], value) if both else value
    return merged


def model(recipe: Dict[str, Any], lipschitz: Optional[str] = None) -> ModelSettings:
    """The network of a recipe; `lipschitz` is a mode in place of its own, which the twin may not compute."""
    values = recipe.get("model", {})
    if lipschitz:
        values = _merge(values, {"lipschitz": {"mode": lipschitz}})
    settings = read(ModelSettings, values, "model")
    if not settings.stages:
        raise SettingsError("model.stages is empty; give it a list of stages, or name a preset")
    return settings


def reversible(recipe: Dict[str, Any]) -> ReversibleSettings:
    """The memory policy of a recipe."""
    values = dict(recipe.get("reversible", {}))
    if values.get("tolerance") == "exact":
        values["tolerance"] = 1e-6
    return read(ReversibleSettings, values, "reversible")


def optimizer(recipe: Dict[str, Any]) -> OptimizerSettings:
    """The optimiser of a recipe."""
    settings = read(OptimizerSettings, recipe.get("training", {}).get("optimizer", {}), "training.optimizer")
    if settings.kind not in ("sgd", "adamW"):
        raise SettingsError(f"training.optimizer.kind is '{settings.kind}'; the twin knows sgd and adamW")
    return settings


def schedule(recipe: Dict[str, Any]) -> ScheduleSettings:
    """The schedule of a recipe."""
    settings = read(ScheduleSettings, recipe.get("training", {}).get("schedule", {}), "training.schedule")
    if settings.kind not in ("constant", "step", "cosine"):
        raise SettingsError(f"training.schedule.kind is '{settings.kind}'; the twin knows constant, step and cosine")
    return settings
