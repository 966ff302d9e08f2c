"""CIFAR-10 held on the device: files, and the augmentation of small images for a whole batch at once."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Callable, List, Tuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from settings import SettingsError

CLASSES = 10
_EXTENT, _CHANNELS = 32, 3
_RECORD = 1 + _CHANNELS * _EXTENT * _EXTENT
_TRAIN_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]
_TEST_FILES = ["test_batch.bin"]
_IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclasses.dataclass
class Split:
    """Images [N, 3, 32, 32], bytes, and their labels."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: str) -> "Split":
        """The same on a device."""
        return Split(self.images.to(device), self.labels.to(device))

    def subset(self, count: int) -> "Split":
        """Samples drawn at random, the same ones always; the first ones of a folder would all be of one class."""
        if count > len(self):
            raise SettingsError(f"{count} samples were asked for, and the set has {len(self)}; use at most that many")
        index = torch.randperm(len(self), generator=torch.Generator().manual_seed(0))[:count].to(self.labels.device)
        return Split(self.images[index], self.labels[index])


def load(folder: str) -> Tuple[Split, Split]:
    """Training and test set, from the binary version's files or from image folders train/CLASS and test/CLASS."""
    root = Path(folder)
    if (root / _TEST_FILES[0]).is_file():
        return _binary(root, _TRAIN_FILES), _binary(root, _TEST_FILES)
    if (root / "train").is_dir() and (root / "test").is_dir():
        train, test = _folder(root / "train"), _folder(root / "test")
        if train[1] != test[1]:
            raise SettingsError(f"'{folder}' has other classes in train ({len(train[1])}) than in test ({len(test[1])}); unpack it again")
        return train[0], test[0]
    raise SettingsError(
        f"'{folder}' is not CIFAR-10: neither {_TEST_FILES[0]} of the binary version nor the folders train and test are there; "
        "name the folder that cifar-10-binary.tar.gz (www.cs.toronto.edu/~kriz/cifar.html) unpacks to")


def _binary(root: Path, names: List[str]) -> Split:
    parts = []
    for name in names:
        path = root / name
        try:
            data = np.fromfile(path, dtype=np.uint8)
        except OSError as error:
            raise SettingsError(f"'{path}' cannot be read: {error}") from error
        if data.size == 0 or data.size % _RECORD:
            raise SettingsError(f"'{path}' has {data.size} bytes, which is not a whole number of records of {_RECORD}; unpack it again")
        parts.append(data.reshape(-1, _RECORD))
    records = np.concatenate(parts)
    if records[:, 0].max() >= CLASSES:
        raise SettingsError(f"'{root}' has the label {records[:, 0].max()}, and CIFAR-10 has {CLASSES} classes; unpack it again")
    images = records[:, 1:].reshape(-1, _CHANNELS, _EXTENT, _EXTENT)
    return Split(torch.from_numpy(images.copy()), torch.from_numpy(records[:, 0].astype(np.int64)))


def _folder(root: Path) -> Tuple[Split, List[str]]:
    """Every image under its class, classes and files sorted by name."""
    decode = _decoder()
    classes = sorted(path.name for path in root.iterdir() if path.is_dir())
    images, labels = [], []
    for label, name in enumerate(classes):
        for path in sorted(p for p in (root / name).iterdir() if p.suffix.lower() in _IMAGE_SUFFIXES):
            try:
                image = decode(path)
            except (OSError, RuntimeError) as error:
                raise SettingsError(f"'{path}' cannot be decoded: {error}") from error
            if tuple(image.shape) != (_CHANNELS, _EXTENT, _EXTENT):
                raise SettingsError(f"'{path}' has the shape {tuple(image.shape)}, and CIFAR-10's images {(_CHANNELS, _EXTENT, _EXTENT)}")
            images.append(image)
            labels.append(label)
    if not images:
        raise SettingsError(f"'{root}' has no images of the types {', '.join(_IMAGE_SUFFIXES)} in folders of their classes")
    return Split(torch.stack(images), torch.tensor(labels)), classes


def _decoder() -> Callable[[Path], Tensor]:
    """Pillow or torchvision, whichever is installed; neither is needed for the binary version."""
    try:
        from PIL import Image
        return lambda path: torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy()).movedim(-1, 0)
    except ImportError:
        pass
    try:
        from torchvision.io import ImageReadMode, read_image
        return lambda path: read_image(str(path), ImageReadMode.RGB)
    except ImportError as error:
        raise SettingsError("images in folders need Pillow or torchvision; install one, or use the binary version of CIFAR-10") from error


class Normalization:
    """(pixel - mean) / deviation of every channel, both of the training set."""

    def __init__(self, train: Split) -> None:
        # A value of a byte has no better description than its count: exact, and without the set in floating point.
        values = torch.arange(256, dtype=torch.float64)
        counts = torch.stack([torch.bincount(c.flatten().long(), minlength=256) for c in train.images.movedim(1, 0)]).double().cpu()
        total = counts.sum(1)
        mean = counts @ values / total
        deviation = (counts @ values.square() / total - mean.square()).sqrt()
        shape, device = (1, _CHANNELS, 1, 1), train.images.device
        self.mean, self.deviation = (t.float().to(device).view(shape) for t in (mean, deviation))

    def __call__(self, images: Tensor) -> Tensor:
        return (images.float() - self.mean) / self.deviation


def augment(images: Tensor, padding: int, flip: bool, generator: Any) -> Tensor:
    """Pads with black, crops at random, mirrors at random: every sample by a draw of its own."""
    count, _, height, width = images.shape
    device = images.device

    def draw(limit: int) -> Tensor:
        return torch.randint(limit, (count, 1), generator=generator, device=device)

    rows = draw(2 * padding + 1) + torch.arange(height, device=device)
    columns = draw(2 * padding + 1) + torch.arange(width, device=device)
    if flip:
        columns = torch.where(draw(2) == 1, columns.flip(1), columns)
    padded = F.pad(images, [padding] * 4)
    sample = torch.arange(count, device=device)[:, None, None]
    # Indices on both sides of a slice put their axes first: [N, H, W, C], channels-last without another copy.
    return padded[sample, :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)
