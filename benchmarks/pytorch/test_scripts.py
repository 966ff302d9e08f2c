"""Tests of what measures and trains: `python3 test_scripts.py`. Sizes are tiny and the device is the processor."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import torch

import ceilings
import cifar
import contenders
import resnet
import settings
import throughput
import train
from settings import SettingsError

RECIPE = {
    "name": "tiny", "data": {"dataset": "synthetic", "extents": [8, 8], "channels": 3, "classes": 10, "padding": 1, "flip": True},
    "model": {"activation": "elu", "stages": [{"blocks": 2, "channels": 6, "width": 5}, {"blocks": 1, "channels": 8}]},
    "training": {"epochs": 3, "batchSize": 20, "optimizer": {"learningRate": 0.05}, "schedule": {"kind": "step", "milestones": [2]}},
}


def run(script: Any, *arguments: str) -> Tuple[int, str, str]:
    """Exit code, output and errors of a script's command line."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = script.main(arguments)
        except SystemExit as exit_:
            code = exit_.code
    return code, output.getvalue(), errors.getvalue()


class Folder(unittest.TestCase):
    """Tests with a folder that holds the tiny recipe."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.recipe = str(self.folder / "tiny.json")
        Path(self.recipe).write_text(json.dumps(RECIPE), encoding="utf-8")


class ThroughputTest(Folder):
    """throughput.py."""

    def measure(self, *arguments: str) -> Dict[str, Any]:
        code, output, errors = run(throughput, "--device", "cpu", "--batch", "4", "--steps", "2", "--warmup", "1", *arguments)
        self.assertEqual(code, 0, errors)
        return json.loads(output)

    def test_every_mode_prints_the_agreed_line(self) -> None:
        for mode in ("plain", "checkpoint", "invert"):
            line = self.measure("--model", self.recipe, "--mode", mode, "--precision", "fp32")
            self.assertEqual((line["mode"], line["compiled"], line["batch"], line["n"], line["sample"]), (mode, False, 4, 2, [3, 8, 8]))
            self.assertAlmostEqual(line["images_per_second"], 4000 / line["step_ms"])
            self.assertIsNone(line["peak_bytes"])
            self.assertEqual(line["mean_evaluations"] is not None, mode == "invert")

    def test_options_reach_the_network(self) -> None:
        line = self.measure("--model", self.recipe, "--mode", "invert", "--evaluations", "3", "--size", "6", "--classes", "7")
        self.assertEqual((line["mean_evaluations"], line["sample"], line["arithmetic"]), (3, [3, 6, 6], "bfloat16"))
        self.assertAlmostEqual(line["loss"], np.log(7), places=4)

    def test_volumes_and_batch_normalisation_are_measured(self) -> None:
        self.assertEqual(self.measure("--model", self.recipe, "--extents", "4,6,4", "--channels-last", "off")["sample"], [3, 4, 6, 4])
        line = self.measure("--model", "resnet-110-batchnorm", "--size", "8", "--classes", "10", "--mode", "checkpoint")
        # 54 blocks: 1,719,216 in convolutions, 8,096 in normalisations, 650 in the classifier; option A has no parameters.
        self.assertEqual(line["parameters"], 1_727_962)

    def test_what_cannot_work_is_named(self) -> None:
        cases: List[Tuple[List[str], str]] = [
            (["--model", "revup-1"], "revup-1"), (["--model", "resnet-50-batchnorm", "--mode", "invert"], "no invertible blocks"),
            (["--model", self.recipe, "--mode", "invert", "--lipschitz", "none"], "no inverse"),
            (["--model", self.recipe, "--precision", "tf32"], "only --device cuda computes"),
            (["--model", self.recipe, "--batch", "0"], "0 is not a positive"),
            (["--model", self.recipe, "--extents", "3"], "D,H,W"), (["--model", self.recipe, "--largest-batch"], "memory of a GPU"),
        ]
        if not torch.cuda.is_available():
            cases.append((["--model", self.recipe, "--device", "cuda"], "finds no CUDA device"))
        if not hasattr(torch, "compile"):
            cases.append((["--model", self.recipe, "--compile"], "torch.compile"))
        for arguments, message in cases:
            code, output, errors = run(throughput, "--device", "cpu", *arguments)
            self.assertEqual((code, output), (2, ""), arguments)
            self.assertIn(message, errors)

    def test_the_largest_batch_is_found(self) -> None:
        for limit, start in ((0, 8), (1, 1), (7, 8), (8, 8), (100, 8), (1000, 3)):
            tried: List[int] = []

            def fits(batch: int) -> bool:
                tried.append(batch)
                return batch <= limit

            found = throughput.largest(fits, start)
            self.assertLessEqual(found, limit)
            self.assertLessEqual(limit - found, found // 16 + 1 if found else 0)
            self.assertLess(len(tried), 24)

    def test_running_out_of_memory_is_an_answer_and_other_errors_are_not(self) -> None:
        def make() -> throughput.Data:
            return throughput.Data(1, [1, 2, 2], 2, "cpu", channels_last=True)

        def failing(message: str) -> Any:
            def step(*_: Any) -> None:
                raise RuntimeError(message)
            return step

        self.assertTrue(throughput.fits(lambda x, targets: None, make, "cpu"))
        self.assertFalse(throughput.fits(failing("CUDA out of memory. Tried to allocate 1 GiB"), make, "cpu"))
        with self.assertRaisesRegex(RuntimeError, "shape"):
            throughput.fits(failing("a shape is wrong"), make, "cpu")

    def test_data_is_new_in_every_step(self) -> None:
        data = throughput.Data(3, [2, 4, 4], 5, "cpu", channels_last=True)
        first = data.draw()[0].clone()
        x, targets = data.draw()
        self.assertFalse(torch.equal(first, x))
        self.assertTrue(torch.equal(targets.sum(1), torch.ones(3)))
        self.assertTrue(x.is_contiguous(memory_format=torch.channels_last))


class ResNetTest(unittest.TestCase):
    """The networks with batch normalisation."""

    def test_resnet_50_has_the_published_parameters_and_shapes(self) -> None:
        network = resnet.build("resnet-50-batchnorm", 3, 1000)
        self.assertEqual(sum(p.numel() for p in network.parameters()), 25_557_032)
        self.assertEqual(network(torch.randn(1, 3, 64, 64)).shape, (1, 1000))

    def test_checkpointing_gives_the_same_gradients(self) -> None:
        gradients = []
        for checkpointed in (False, True):
            torch.manual_seed(1)
            network = resnet.build("resnet-110-batchnorm", 3, 10)
            network.checkpointed = checkpointed
            network(torch.randn(2, 3, 8, 8)).sum().backward()
            gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()]))
        self.assertTrue(torch.equal(*gradients))
        self.assertGreater(float(gradients[0].abs().sum()), 0)


class TrainTest(Folder):
    """train.py on CIFAR-10 files that are tiny and easy: the label shows in the brightness."""

    def setUp(self) -> None:
        super().setUp()
        random = np.random.default_rng(1)
        for name, count in [(f"data_batch_{i}.bin", 40) for i in range(1, 6)] + [("test_batch.bin", 30)]:
            labels = random.integers(0, 2, (count, 1))
            pixels = random.integers(0, 60, (count, 3072)) + 150 * labels
            (self.folder / name).write_bytes(np.concatenate([labels, pixels], axis=1).astype(np.uint8).tobytes())

    def test_twin_and_batch_normalisation_learn_it(self) -> None:
        results = []
        batch_norm = ["--network", "resnet-110-batchnorm", "--epochs", "2", "--samples", "60"]
        for arguments in (["--mode", "invert"], ["--mode", "invert"], batch_norm):
            code, output, errors = run(train, "--recipe", self.recipe, "--data", str(self.folder), "--device", "cpu", *arguments)
            self.assertEqual(code, 0, errors)
            results.append(json.loads(output.splitlines()[-1]))
        self.assertGreater(results[0]["top1"], 0.9)
        self.assertEqual(results[0]["steps"], 30)
        self.assertEqual([results[0][key] for key in ("top1", "last_loss")], [results[1][key] for key in ("top1", "last_loss")])
        self.assertEqual((results[2]["steps"], results[2]["network"]), (6, "resnet-110-batchnorm"))

    def test_bytes_are_read_in_planes(self) -> None:
        data = np.fromfile(self.folder / "test_batch.bin", dtype=np.uint8).reshape(-1, 3073)
        split = cifar.load(str(self.folder))[1]
        self.assertEqual(len(split), 30)
        self.assertEqual(int(split.images[2, 1, 3, 4]), data[2, 1 + 1024 + 3 * 32 + 4])
        self.assertEqual(int(split.labels[5]), data[5, 0])

    def test_a_subset_is_always_the_same_and_of_all_classes(self) -> None:
        split = cifar.Split(torch.arange(100).view(-1, 1, 1, 1), torch.arange(100) // 50)
        subset = split.subset(20)
        self.assertTrue(torch.equal(subset.images, split.subset(20).images))
        self.assertTrue(torch.equal(subset.labels, subset.images.flatten() // 50))
        self.assertTrue(0 < int(subset.labels.sum()) < 20)
        self.assertEqual(len(subset.images.unique()), 20)

    def test_damaged_and_missing_files_are_named(self) -> None:
        for change, message in ((lambda p: p.write_bytes(b"123"), "3 bytes"), (lambda p: p.unlink(), "data_batch_3.bin"),
                                (lambda p: p.write_bytes(bytes([200]) * 3073), "label 200")):
            change(self.folder / "data_batch_3.bin")
            code, _, errors = run(train, "--recipe", self.recipe, "--data", str(self.folder), "--device", "cpu")
            self.assertEqual(code, 2)
            self.assertIn(message, errors)
        with self.assertRaisesRegex(SettingsError, "is not CIFAR-10"):
            cifar.load(str(self.folder / "none"))

    @unittest.skipUnless(importlib.util.find_spec("PIL"), "Pillow is not installed")
    def test_image_folders_are_read_by_class(self) -> None:
        from PIL import Image
        for split in ("train", "test"):
            for level, name in enumerate(("cat", "dog")):
                (self.folder / "images" / split / name).mkdir(parents=True)
                Image.new("RGB", (32, 32), (level, 7, 0)).save(self.folder / "images" / split / name / "0.png")
        train_set, _ = cifar.load(str(self.folder / "images"))
        self.assertEqual(train_set.labels.tolist(), [0, 1])
        self.assertEqual(train_set.images[1, :, 5, 5].tolist(), [1, 7, 0])

    def test_augmentation_crops_pads_and_mirrors_each_sample(self) -> None:
        images = torch.arange(1, 1 + 64 * 2 * 3 * 4, dtype=torch.int64).view(64, 2, 3, 4)
        seen = set()
        for image, result in zip(images, cifar.augment(images, 1, True, torch.Generator().manual_seed(1))):
            padded = torch.nn.functional.pad(image, [1] * 4)
            crops = {(t, l, f): padded[:, t:t + 3, l:l + 4].flip(2) if f else padded[:, t:t + 3, l:l + 4]
                     for t in range(3) for l in range(3) for f in (False, True)}
            matches = [key for key, crop in crops.items() if torch.equal(crop, result)]
            self.assertEqual(len(matches), 1)
            seen.add(matches[0])
        self.assertGreater(len(seen), 12)

    def test_normalisation_is_that_of_the_training_set(self) -> None:
        split = cifar.load(str(self.folder))[0]
        x = cifar.Normalization(split)(split.images)
        self.assertLess(float(x.mean((0, 2, 3)).abs().max()), 1e-4)
        self.assertLess(float((x.std((0, 2, 3)) - 1).abs().max()), 1e-4)

    def test_the_schedule_is_the_recipes(self) -> None:
        step = train.Plan(10, 20, 0, False, 0.0, settings.ScheduleSettings("step", 3, (2, 4), 0.1))
        self.assertEqual([step.factor(s, 5) for s in (0, 2, 3, 9, 10)], [0.25, 0.75, 1, 1, 0.1])
        self.assertAlmostEqual(step.factor(20, 5), 0.01)
        cosine = train.Plan(10, 20, 0, False, 0.0, settings.ScheduleSettings("cosine"))
        self.assertEqual([round(cosine.factor(s, 5), 6) for s in (0, 25, 50)], [1, 0.5, 0])

    def test_what_would_train_otherwise_is_refused(self) -> None:
        for section, name, value in (("data", "mixup", 1), ("training", "ema", 0.9), ("training", "accumulate", 2)):
            recipe = {**RECIPE, section: {**RECIPE[section], name: value}}
            with self.assertRaisesRegex(SettingsError, name):
                train.Plan.of(recipe, None)


class BaseTest(Folder):
    """Recipes with a base, in settings.py."""

    def test_the_shipped_recipes_are_merged(self) -> None:
        recipes = Path(__file__).resolve().parents[2] / "src" / "RevUp.Cli" / "recipes"
        base, recipe = (settings.load(str(recipes / f"cifar-revup-{depth}.json")) for depth in (110, 38))
        self.assertEqual(recipe["model"], settings.preset("revup-38"))
        self.assertEqual((recipe["name"], recipe["data"], recipe["training"]), ("cifar-revup-38", base["data"], base["training"]))

    def test_a_second_level_is_refused(self) -> None:
        for name, base in (("a", "b.json"), ("b", "c.json")):
            (self.folder / f"{name}.json").write_text(json.dumps({"base": base}), encoding="utf-8")
        with self.assertRaisesRegex(SettingsError, "has a base itself"):
            settings.load(str(self.folder / "a.json"))


class CeilingsTest(unittest.TestCase):
    """ceilings.py."""

    def test_rates_are_measured(self) -> None:
        code, output, errors = run(ceilings, "--device", "cpu", "--copy-mib", "256", "--matmul", "64", "--count", "1")
        self.assertEqual(code, 0, errors)
        line = json.loads(output)
        self.assertEqual(line["copy_bytes"], 256 << 20)
        self.assertTrue(line["copy_gb_per_s"] > 0 and all(rate > 0 for rate in line["matmul_tflops"].values()), line)

    def test_a_copy_that_fits_a_cache_is_refused(self) -> None:
        code, _, errors = run(ceilings, "--device", "cpu", "--copy-mib", "8")
        self.assertEqual(code, 2)
        self.assertIn("cache", errors)


class EvaluationTest(Folder):
    """A twin outside training."""

    def test_evaluation_changes_no_state_and_agrees_with_the_step(self) -> None:
        torch.manual_seed(1)
        twin = contenders.build(self.recipe, RECIPE, [3, 8, 8], 10, "cpu", contenders.Options("plain"))
        twin.network.draw_zero_convolutions()
        torch.nn.init.normal_(twin.network.head.weight)
        x, rows = torch.randn(4, 3, 8, 8), torch.eye(10)[:4]
        logits = twin.run(x, rows, 0.0)
        state = {name: tensor.clone() for name, tensor in twin.network.tensors().items()}
        self.assertTrue(torch.equal(twin.logits(x), logits))
        self.assertTrue(all(torch.equal(state[name], tensor) for name, tensor in twin.network.tensors().items()))


if __name__ == "__main__":
    unittest.main()
