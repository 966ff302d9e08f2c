"""Seeded pairs of label maps and HD95 by scipy: `python3 surface_oracle.py FOLDER`, one line a case.

A line is D, H, W, spacing along D, H, W, and HD95 of class 1; NUMBER.labels has the predicted map and then the true one as uint16.
"""

import sys
from pathlib import Path

import numpy
from scipy import ndimage


def surface(mask):
    return mask & ~ndimage.binary_erosion(mask)


def hd95(predicted, truth, spacing):
    if predicted.shape[0] == 1:
        predicted, truth, spacing = predicted[0], truth[0], spacing[1:]
    predicted, truth = surface(predicted), surface(truth)
    there = ndimage.distance_transform_edt(~truth, spacing)[predicted]
    back = ndimage.distance_transform_edt(~predicted, spacing)[truth]
    return numpy.percentile(numpy.concatenate([there, back]), 95)


def main(folder):
    random = numpy.random.RandomState(3)
    for number in range(24):
        shape = tuple(random.randint(2, 40, 3)) if number % 4 else (1, *random.randint(8, 60, 2))
        spacing = random.uniform(0.3, 3, 3)
        maps = []
        for _ in range(2):
            noise = ndimage.gaussian_filter(random.normal(size=shape), 2 if number % 3 else 0.7)
            maps.append((noise > numpy.quantile(noise, 0.8)).astype("<u2"))
        numpy.concatenate([labels.ravel() for labels in maps]).tofile(Path(folder, f"{number}.labels"))
        print(*shape, *spacing, hd95(maps[0] == 1, maps[1] == 1, spacing))


main(sys.argv[1])
