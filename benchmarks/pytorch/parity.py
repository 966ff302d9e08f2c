"""Compares one training step of RevUp with a step of its PyTorch twin.

    parity.py FILE...            a table; exit status 1 when anything differs by more than its tolerance
    parity.py --json FILE...     one line of JSON per file
    parity.py --faults FILE...   runs twins that are wrong on purpose; exit status 1 when one of them passes

With --device cuda and --compile the twin that is compared runs there and compiled, without TF32: it is then the twin that is checked, too.

A file, as `./build.sh benchmark parity` writes them, holds the step's recipe, everything before and after it, and its gradients. The twin
runs the step in float64, which serves as the truth t, and in the precision p of the file. RevUp's values r have to satisfy

    |r - t| <= 2 min(|p - t|, 4 u sqrt(n) |t| + s) + u sqrt(n) |t|

in the Euclidean norm: no worse than twice another implementation of the same precision, apart from u sqrt(n), with u the unit roundoff of
that precision and n the number of roundings that follow each other, where that one may have been lucky. The bound on |p - t| keeps a twin
that goes wrong in one precision from excusing RevUp. s is 2^-24 |w| for updates, the differences of stored float32 weights w, else zero.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

import compiling
import devices
import faults
import safetensors_file
import settings
from execution import PLAIN, Execution
from inversion import InversionError, StopRule
from network import Network
import training

Values = Dict[str, np.ndarray]

KINDS = ("loss", "logits", "gradients", "updates", "momenta", "sigma", "u and v")
_STORED = "stored weights"
_ROUNDOFF = {"float32": 2.0 ** -24, "tf32": 2.0 ** -11, "bfloat16": 2.0 ** -9}


@dataclasses.dataclass(frozen=True)
class Quantity:
    """Tensors of one kind: the one that comes nearest to its tolerance, or exceeds it most."""

    name: str
    tensor: str
    error: float
    allowed: float


@dataclasses.dataclass(frozen=True)
class Case:
    """A file: the recipe and the recorded step."""

    name: str
    recipe: Dict
    model: settings.ModelSettings
    policy: settings.ReversibleSettings
    tensors: Values
    step: int
    low_transitions: bool = False

    @staticmethod
    def open(path: str) -> "Case":
        """Reads and checks a file."""
        tensors, metadata = safetensors_file.read(path)
        if "recipe" not in metadata:
            raise settings.SettingsError(f"'{path}' has no recipe in its metadata; write it with `./build.sh benchmark parity`")
        recipe = settings.parse(metadata["recipe"], f"the recipe in '{path}'")
        return Case(recipe["name"], recipe, settings.model(recipe), settings.reversible(recipe), tensors, int(metadata["step"]),
                    metadata.get("transitions") == "bfloat16")

    @property
    def mode(self) -> str:
        """The twin's name of the policy."""
        return PLAIN if self.policy.policy == "store" else self.policy.policy

    @property
    def evaluations(self) -> List[int]:
        """Branch evaluations of every block; 0 for one that was not inverted."""
        return [int(k) for k in self.tensors["evaluations"]]


def to_torch(values: np.ndarray, dtype: torch.dtype) -> Tensor:
    """A weight or an activation with its channels last in the file, second in PyTorch's order; others as they are."""
    tensor = torch.from_numpy(values.astype(np.float64)).to(dtype)
    return tensor.movedim(-1, 1) if tensor.dim() >= 4 else tensor


def to_numpy(tensor: Tensor) -> np.ndarray:
    """The inverse of `to_torch`, in float64; a copy, because a step goes on to change what it is given."""
    tensor = tensor.detach().to("cpu", torch.float64, copy=True)
    return (tensor.movedim(1, -1) if tensor.dim() >= 4 else tensor).numpy()


@dataclasses.dataclass(frozen=True)
class Place:
    """Where and how a twin runs."""

    device: str = "cpu"
    compiled: bool = False


def run_twin(case: Case, dtype: torch.dtype, fixed: Optional[Sequence[int]], place: Place) -> Tuple[Values, List[int]]:
    """The recorded step by the twin: the tensors that the file has, and the evaluations of every block."""

    def tensor_of(name: str) -> Tensor:
        return to_torch(case.tensors[name], dtype).to(place.device)

    torch.manual_seed(1)
    shape = case.tensors["input"].shape
    classes = case.tensors["targets"].shape[1]
    network = Network(case.model, shape[1:-1], shape[-1], classes, case.low_transitions).to(place.device, dtype)
    network.to(memory_format=torch.channels_last if len(shape) == 4 else torch.channels_last_3d)
    own = network.tensors()
    recorded = {name[len("before/"):] for name in case.tensors if name.startswith("before/") and "moment1." not in name}
    if recorded != set(own):
        raise settings.SettingsError(f"file and twin do not have the same tensors: {', '.join(sorted(recorded ^ set(own)))}")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(tensor_of("before/" + name))
    optimizer = training.optimizer_for(network, settings.optimizer(case.recipe))
    for name, parameter in network.named_parameters():
        optimizer.state[parameter]["momentum_buffer"] = tensor_of("before/moment1." + name).clone()
    rule = StopRule(case.policy, fixed, [0] * len(network.blocks))
    execution = Execution(network, case.mode, rule, case.policy.anchor_every)
    step = training.Step(network, execution, optimizer, float(case.recipe["training"]["clipNorm"]), case.step)
    if place.compiled:
        compiling.compile_step(step, "default")
    logits = step.accumulate(tensor_of("input"), tensor_of("targets"))
    result = {"logits": to_numpy(logits), "loss": to_numpy(step.loss).reshape(1)}
    result.update({"gradient/" + name: to_numpy(parameter.grad) for name, parameter in network.named_parameters()})
    step.update()
    result.update({"after/" + name: to_numpy(tensor) for name, tensor in own.items()})
    for name, parameter in network.named_parameters():
        result["after/moment1." + name] = to_numpy(optimizer.state[parameter]["momentum_buffer"])
    return result, rule.evaluations or []


def grouped(case: Case, values: Values) -> Dict[str, Values]:
    """The tensors by kind, and the stored weights. Scalars of a kind form one vector: a single number has no norm to be relative to."""
    kinds: Dict[str, Values] = {kind: {} for kind in (*KINDS, _STORED)}
    scalars: Dict[str, List[np.ndarray]] = {}

    def add(kind: str, name: str, value: np.ndarray) -> None:
        if value.size > 1 and kind != "sigma":
            kinds[kind][name] = value
        else:
            scalars.setdefault(kind, []).append(value.reshape(-1))

    for path in sorted(values):
        (place, _, name), value = path.rpartition("/"), values[path]
        if place == "":
            kinds[name][name] = value
        elif place == "gradient":
            add("gradients", name, value)
        elif name.startswith("moment1."):
            add("momenta", name[len("moment1."):], value)
        elif name.endswith(".sigma"):
            add("sigma", name, value)
        elif name.endswith((".u", ".v")):
            add("u and v", name, value)
        else:
            # What changed, not what is: an update is small beside a weight.
            add("updates", name, value - case.tensors["before/" + name])
            add(_STORED, name, value)
    for kind, parts in scalars.items():
        kinds[kind]["scalars"] = np.concatenate(parts)
    return kinds


def rounding(case: Case, kind: str) -> float:
    """u sqrt(n): the longest path leads through every convolution and back, each with three pointwise operations."""
    network = len(case.evaluations) * (2 if case.model.branch == "basic" else 3) + len(case.model.stages) + 1
    # The network that has bfloat16 transitions iterates in TF32.
    iterated = "tf32" if case.low_transitions else "float32"
    precision = iterated if kind in ("sigma", "u and v") else case.model.precision
    return _ROUNDOFF[precision] * math.sqrt(8 * network)


def compare(case: Case, place: Place) -> Tuple[List[Quantity], List[int]]:
    """RevUp's step against the twin's; the evaluations are those that the twin's own stop rule found."""
    truth = grouped(case, run_twin(case, torch.float64, case.evaluations, Place())[0])
    twin_values, evaluations = run_twin(case, torch.float32, None, place)
    twin, recorded = grouped(case, twin_values), grouped(case, {name: case.tensors[name] for name in twin_values})
    quantities = []
    for kind in KINDS:
        found = [Quantity(kind, "none", 0.0, 1.0)]
        for name, exact in truth[kind].items():
            norm = float(np.linalg.norm(exact)) or 1.0
            error = float(np.linalg.norm(recorded[kind][name] - exact)) / norm
            own = float(np.linalg.norm(twin[kind][name] - exact)) / norm
            stored = _ROUNDOFF["float32"] * float(np.linalg.norm(truth[_STORED][name])) / norm if kind == "updates" else 0.0
            floor = rounding(case, kind)
            found.append(Quantity(kind, name, error, 2 * min(own, 4 * floor + stored) + floor))
        quantities.append(max(found, key=_excess))
    return quantities, evaluations


def agrees(case: Case, quantities: Iterable[Quantity], evaluations: Sequence[int]) -> bool:
    """Whether everything is within its tolerance and every block took as many evaluations."""
    return all(_excess(q) <= 1 for q in quantities) and list(evaluations) == case.evaluations


def _excess(quantity: Quantity) -> float:
    ratio = quantity.error / quantity.allowed
    return ratio if math.isfinite(ratio) else math.inf


def report(case: Case, quantities: Sequence[Quantity], evaluations: Sequence[int]) -> str:
    """A table of one comparison."""
    lines = [f"{case.name}: {case.policy.policy}, {case.model.precision}, k = {format_evaluations(case.evaluations)}"]
    if list(evaluations) != case.evaluations:
        lines.append(f"  k differs: the twin's stop rule took {format_evaluations(evaluations)}")
    for q in quantities:
        verdict = "ok" if _excess(q) <= 1 else "DIFFERS"
        lines.append(f"  {q.name:<18} error {q.error:.1e}  allowed {q.allowed:.1e}  {verdict:<8} {q.tensor}")
    return "\n".join(lines)


def format_evaluations(evaluations: Sequence[int]) -> str:
    """k of every block."""
    return " ".join(str(k) for k in evaluations) if any(evaluations) else "none"


def compare_all(paths: Sequence[str], as_json: bool, place: Place) -> bool:
    """Compares every file; whether all agree."""
    verdict = True
    for path in paths:
        case = Case.open(path)
        quantities, evaluations = compare(case, place)
        same = agrees(case, quantities, evaluations)
        verdict &= same
        if as_json:
            fields = {"case": case.name, "policy": case.policy.policy, "torch": torch.__version__, "agrees": same,
                      "evaluations": format_evaluations(evaluations), "quantities": [dataclasses.asdict(q) for q in quantities]}
            print(json.dumps(fields))
        else:
            print(report(case, quantities, evaluations))
    return verdict


def find_faults(paths: Sequence[str], place: Place) -> bool:
    """Runs every fault on every file that it can show in; whether each was found in all of them."""
    cases = [Case.open(path) for path in paths]
    verdict = True
    for fault in faults.ALL:
        excesses = []
        for case in cases:
            if not fault.applies(case.model, case.policy):
                continue
            with fault.inject():
                try:
                    quantities, evaluations = compare(case, place)
                    excesses.append(math.inf if list(evaluations) != case.evaluations else max(map(_excess, quantities)))
                except InversionError:
                    excesses.append(math.inf)
        caught = sum(excess > 1 for excess in excesses)
        verdict &= caught == len(excesses) > 0
        least = min(excesses, default=0.0)
        print(json.dumps({"name": fault.name, "cases": len(excesses), "caught": caught, "leastExcess": min(least, sys.float_info.max)}))
    return verdict


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compares one training step of RevUp with a step of its PyTorch twin.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a safetensors file of `./build.sh benchmark parity`")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="one line of JSON per file")
    group.add_argument("--faults", action="store_true", help="check that twins that are wrong on purpose are found")
    parser.add_argument("--device", choices=devices.NAMES, default="cpu")
    parser.add_argument("--compile", action="store_true", help="compile the twin that is compared")
    options = parser.parse_args(arguments)
    place = Place(options.device, options.compile)
    devices.allow_tf32(False)
    try:
        devices.require(options.device)
        verdict = find_faults(options.files, place) if options.faults else compare_all(options.files, options.json, place)
    except (settings.SettingsError, InversionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0 if verdict else 1


if __name__ == "__main__":
    sys.exit(main())
