"""Tests of the twins themselves: `python3 test_twins.py`."""

from __future__ import annotations

import json
import re
import struct
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List, Optional
from unittest import mock

import torch
from torch import Tensor

import lipschitz
import safetensors_file
import settings
from execution import CHECKPOINT, INVERT, PLAIN, Execution
from inversion import InversionError, StopRule
from layers import Block, ChannelAffine, Squeeze
from network import Network
from settings import LipschitzSettings, ModelSettings, ReversibleSettings, SettingsError, StageSettings
from training import Step, clip, cross_entropy, optimizer_for

EXACT = ReversibleSettings(tolerance=1e-6)


def network(blocks: int = 2, mode: str = "perBranch", seed: int = 3, affine: str = "none", free: bool = False) -> Network:
    """A small network in float64, its branches away from zero; ELU, because padded channels lie on ReLU's kink."""
    torch.manual_seed(seed)
    stages = (StageSettings(blocks, 6, 5), StageSettings(blocks, 26, 4))
    model = ModelSettings(
        stem="pad", downsampling="squeeze", activation="elu", affine=affine, stages=stages,
        lipschitz=LipschitzSettings(mode=mode, free_leading_blocks=free))
    result = Network(model, [8, 8], 3, 5).to(torch.float64)
    result.draw_zero_convolutions()
    torch.nn.init.normal_(result.head.weight)
    for layer in result.chain:
        if isinstance(layer, ChannelAffine):
            torch.nn.init.normal_(layer.scale)
            torch.nn.init.normal_(layer.shift)
    return result


def gradients(net: Network, mode: str, rule: Optional[StopRule] = None, anchor_every: int = 0) -> Dict[str, Tensor]:
    """Gradients of one batch."""
    torch.manual_seed(5)
    x, targets = torch.randn(4, 3, 8, 8, dtype=torch.float64), torch.eye(5, dtype=torch.float64)[:4]
    net.zero_grad()
    execution = Execution(net, mode, rule or StopRule(EXACT), anchor_every)
    cross_entropy(execution(x, net.prepare(5)), targets).backward()
    return {name: parameter.grad.clone() for name, parameter in net.named_parameters()}


def difference(actual: Dict[str, Tensor], expected: Dict[str, Tensor]) -> float:
    """Relative difference of all gradients together."""
    squares = [((actual[name] - value).square().sum(), value.square().sum()) for name, value in expected.items()]
    return float(sum(d for d, _ in squares) / sum(e for _, e in squares)) ** 0.5


class ModesTest(unittest.TestCase):
    """Three ways to the same gradients."""

    def test_checkpoint_is_plain_bit_for_bit(self) -> None:
        plain = gradients(network(), PLAIN)
        checkpointed = gradients(network(), CHECKPOINT)
        self.assertTrue(all(torch.equal(plain[name], checkpointed[name]) for name in plain))

    def test_inversion_reaches_the_gradients_of_plain(self) -> None:
        rule = StopRule(EXACT, evaluations=[0] * 4)
        self.assertLess(difference(gradients(network(), INVERT, rule), gradients(network(), PLAIN)), 1e-5)
        self.assertTrue(all(k > 1 for k in rule.evaluations or [0]), rule.evaluations)

    def test_affine_maps_are_inverted_as_well(self) -> None:
        for placement, count in (("stage", 2), ("block", 4)):
            net = network(affine=placement)
            self.assertEqual(sum(isinstance(layer, ChannelAffine) for layer in net.chain), count)
            inverted, plain = gradients(net, INVERT), gradients(network(affine=placement), PLAIN)
            self.assertLess(difference(inverted, plain), 1e-5)
            for name in (name for name in plain if ".affine." in name):
                self.assertGreater(float(plain[name].norm()), 0)
                self.assertLess(difference({name: inverted[name]}, {name: plain[name]}), 1e-4)

    def test_a_leading_block_that_is_free_is_not_inverted_and_needs_no_bound(self) -> None:
        def strong() -> Network:
            net = network(free=True)
            self.assertEqual([block.settings.mode for block in net.blocks], ["none", "perBranch", "perBranch", "perBranch"])
            with torch.no_grad():
                net.blocks[0].scale.fill_(20)
            return net

        rule = StopRule(EXACT, evaluations=[0] * 4)
        self.assertLess(difference(gradients(strong(), INVERT, rule), gradients(strong(), PLAIN)), 1e-5)
        self.assertEqual([k > 0 for k in rule.evaluations or []], [False, True, True, True])

    def test_fewer_evaluations_leave_a_larger_error(self) -> None:
        plain = gradients(network(), PLAIN)
        errors = [difference(gradients(network(), INVERT, StopRule(EXACT, fixed=[k] * 4)), plain) for k in (1, 2, 4)]
        self.assertEqual(errors, sorted(errors, reverse=True))
        self.assertLess(errors[-1], 0.1 * errors[0])

    def test_an_anchor_is_not_inverted(self) -> None:
        rule = StopRule(EXACT, evaluations=[0] * 4)
        gradients(network(), INVERT, rule, anchor_every=2)
        self.assertEqual([k > 0 for k in rule.evaluations or []], [True, True, False, True])

    def test_inversion_keeps_nothing_per_block(self) -> None:
        self.assertEqual(self.kept(INVERT, 2), self.kept(INVERT, 5))
        self.assertGreater(self.kept(PLAIN, 5), self.kept(PLAIN, 2))

    def test_a_block_that_does_not_contract_is_refused(self) -> None:
        net = network(mode="perBranch")
        with mock.patch.object(lipschitz, "branch_factors", lambda s, scale, sigmas: ([], 50 * scale)):
            with self.assertRaisesRegex(InversionError, "hard limit"):
                gradients(net, INVERT)

    def test_inverting_without_control_is_refused(self) -> None:
        with self.assertRaisesRegex(SettingsError, "perBranch"):
            gradients(network(mode="none"), INVERT)

    @staticmethod
    def kept(mode: str, blocks: int) -> int:
        """Numbers that the graph keeps of activations: what has the batch's extent."""
        counts: List[int] = []

        def pack(tensor: Tensor) -> Tensor:
            counts.append(tensor.numel() if tensor.dim() == 4 and tensor.shape[0] == 4 and tensor.shape[2] > 3 else 0)
            return tensor

        net = network(blocks)
        execution = Execution(net, mode, StopRule(EXACT))
        operands = net.prepare(5)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            logits = execution(torch.randn(4, 3, 8, 8, dtype=torch.float64), operands)
        logits.sum().backward()
        return sum(counts)


class LayersTest(unittest.TestCase):
    """Layers against their definitions."""

    def test_squeeze_orders_channels_by_row_column_and_channel(self) -> None:
        x = torch.arange(2 * 4 * 4.0).reshape(1, 2, 4, 4)
        y = Squeeze()(x)
        for i, j, channel in ((0, 1, 1), (1, 0, 0), (1, 1, 1)):
            self.assertEqual(y[0, (2 * i + j) * 2 + channel, 1, 0], x[0, channel, 2 + i, j])
        self.assertTrue(torch.equal(Squeeze().inverse(y), x))

    def test_squeeze_of_volumes_is_inverted(self) -> None:
        x = torch.randn(2, 3, 4, 2, 6)
        self.assertEqual(Squeeze()(x).shape, (2, 24, 2, 1, 3))
        self.assertTrue(torch.equal(Squeeze().inverse(Squeeze()(x)), x))

    def test_sigma_is_the_norm_of_the_dense_operator(self) -> None:
        torch.manual_seed(1)
        weight = torch.randn(4, 2, 3, 3, dtype=torch.float64)
        unit = torch.eye(2 * 5 * 5, dtype=torch.float64).reshape(-1, 2, 5, 5)
        dense = lipschitz.convolution(unit, weight, padding=1).flatten(1)
        u, v = torch.randn(1, 4, 5, 5, dtype=torch.float64), torch.randn(1, 2, 5, 5, dtype=torch.float64)
        sigma = lipschitz.power_iteration(weight, u, v, 300, 1)
        self.assertAlmostEqual(float(sigma), float(torch.linalg.matrix_norm(dense, 2)), places=9)

    def test_vectors_of_a_zero_convolution_are_drawn_anew(self) -> None:
        u, v = torch.zeros(1, 4, 5, 5), torch.zeros(1, 2, 5, 5)
        weight = torch.zeros(4, 2, 3, 3, requires_grad=True)
        sigma = lipschitz.power_iteration(weight, u, v, 1, 1)
        sigma.backward()
        self.assertEqual(float(sigma), 0)
        self.assertTrue(bool(torch.isfinite(weight.grad).all()))
        self.assertAlmostEqual(float(u.norm()), 1, places=5)
        self.assertAlmostEqual(float(v.norm()), 1, places=5)

    def test_every_branch_is_within_its_bound(self) -> None:
        for mode, allowed in (("perBranch", 0.9), ("perLayer", 0.9 ** 2)):
            net = network(mode=mode)
            for block, operands in ((l, o) for l, o in zip(net.chain, net.prepare(5)) if isinstance(l, Block)):
                self.assertLessEqual(block.bound(operands), allowed * (1 + 1e-6))
                self.assertGreater(block.bound(operands), 0)

    def test_a_new_network_is_the_identity_between_stem_and_head(self) -> None:
        model = settings.model({"model": settings.preset("revup-38")}, "perBranch")
        net = Network(model, [8, 8], 3, 10)
        block = net.blocks[0]
        x = torch.randn(2, 32, 8, 8)
        self.assertIsInstance(block, Block)
        self.assertTrue(torch.equal(block(x, *block.operands(1)), x))


class StepTest(unittest.TestCase):
    """The update."""

    def test_scalars_learn_at_a_tenth_of_the_rate_without_decay(self) -> None:
        groups = optimizer_for(network(), settings.OptimizerSettings(learning_rate=0.5)).param_groups
        self.assertEqual([group["lr"] for group in groups], [0.5, 0.05])
        self.assertEqual([group["weight_decay"] for group in groups], [5e-4, 0])
        self.assertTrue(all(parameter.numel() == 1 for parameter in groups[1]["params"]))

    def test_clipping_leaves_a_short_gradient_alone(self) -> None:
        for norm, expected in ((1.0, 1.0), (10.0, 5.0)):
            parameter = torch.zeros(2, requires_grad=True)
            parameter.grad = torch.tensor([3.0, 4.0])
            clip([parameter], norm)
            self.assertAlmostEqual(float(parameter.grad.norm()), expected, places=6)

    def test_training_lowers_the_loss(self) -> None:
        net = network()
        step = Step(net, Execution(net, INVERT, StopRule(EXACT)), optimizer_for(net, settings.OptimizerSettings()))
        x, targets = torch.randn(5, 3, 8, 8, dtype=torch.float64), torch.eye(5, dtype=torch.float64)
        losses = []
        for _ in range(12):
            step.run(x, targets)
            losses.append(float(step.loss.detach()))
        self.assertLess(losses[-1], 0.5 * losses[0])


class FilesTest(unittest.TestCase):
    """Recipes and tensors, good and damaged."""

    def test_comments_and_trailing_commas_are_read_and_strings_left_alone(self) -> None:
        text = '{ // one\n "a": "x // y, }", /* two */ "b": [1, 2,], }'
        self.assertEqual(settings.parse(text, "text"), {"a": "x // y, }", "b": [1, 2]})

    def test_unknown_members_are_named(self) -> None:
        for values, message in (({"dropout": 1}, "model.dropout"), ({"stages": [{"depth": 1}]}, r"stages\[0\].depth"),
                                ({"activation": "gelu"}, "gelu"), ({"groups": "two"}, "groups is 'two'"), ({}, "stages is empty")):
            with self.assertRaisesRegex(SettingsError, message):
                settings.model({"model": values})

    def test_what_the_twin_does_not_compute_is_refused_and_its_default_accepted(self) -> None:
        model, reversible = settings.model, settings.reversible
        for read, path, value, default in (
                (model, "model.activation", "maxMin", "relu"), (model, "model.mixing", "stage", "none"),
                (model, "model.stemChannels", 8, 0),
                (model, "model.lipschitz.mode", "adaptive", "perBranch"), (model, "model.block", "coupling", "invertible"),
                (reversible, "reversible.evaluations", "mixed", "full"), (reversible, "reversible.policy", "auto", "invert"),
                (reversible, "reversible.memoryBudget", "8 GiB", 0),
                (reversible, "reversible.plan", [{"policy": "store", "blocks": 2}], None)):
            with self.assertRaisesRegex(SettingsError, f"{path} is {re.escape(json.dumps(value))}, .*: .*{json.dumps(default)}"):
                read(self.recipe(path, value))
            read(self.recipe(path, default))

    def test_a_recipe_extends_its_preset(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "recipe.json")
            path.write_text('{"model": {"preset": "revup-50", "lipschitz": {"mode": "perLayer"}}}', encoding="utf-8")
            model = settings.model(settings.load(str(path)))
        self.assertEqual((model.stem, model.lipschitz.mode, model.lipschitz.maximum_extent), ("imageNet", "perLayer", 28))

    def test_a_control_that_the_twin_does_not_compute_is_named_and_can_be_replaced(self) -> None:
        recipe = {"model": settings.preset("revup-38")}
        with self.assertRaisesRegex(SettingsError, 'model.lipschitz.mode is "adaptive", which the PyTorch twin does not compute'):
            settings.model(recipe)
        replaced = settings.model(recipe, "perBranch")
        self.assertEqual((replaced.lipschitz.mode, replaced.lipschitz.coefficient), ("perBranch", 0.9))

    def test_a_missing_recipe_and_an_unknown_preset_are_named(self) -> None:
        for name in ("none.json", "revup-1"):
            with self.assertRaisesRegex(SettingsError, name):
                settings.load(name)

    def test_tensors_are_read_and_damage_is_named(self) -> None:
        header = json.dumps({"__metadata__": {"a": "b"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
        data = struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1, 2)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "file.safetensors")
            path.write_bytes(data)
            tensors, metadata = safetensors_file.read(str(path))
            self.assertEqual((tensors["w"].tolist(), metadata), ([1, 2], {"a": "b"}))
            for damaged in (data[:4], data[:-4], data.replace(b"F32", b"F31"), data.replace(b"{", b"[", 1)):
                path.write_bytes(damaged)
                with self.assertRaisesRegex(SettingsError, "file.safetensors"):
                    safetensors_file.read(str(path))

    @staticmethod
    def recipe(path: str, value: Any) -> Dict[str, Any]:
        """A recipe with one member given, and the stages that every network needs."""
        recipe: Dict[str, Any] = {"model": {"stages": [{}]}}
        *parents, name = path.split(".")
        member = recipe
        for parent in parents:
            member = member.setdefault(parent, {})
        member[name] = value
        return recipe


if __name__ == "__main__":
    unittest.main()
