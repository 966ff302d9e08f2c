"""Resampled volumes: `python3 dense_oracle.py FOLDER`, one line a case.

A line is the name, the extents before and after, the channels, and the nearest axis or -1.
NAME.in and NAME.labels are the source, NAME.out and NAME.map the result of scipy at the same places, all in C order.
"""

import sys
from pathlib import Path

import numpy
from scipy import ndimage


def places(before, after, nearest):
    i = (numpy.arange(after) + 0.5) * before / after
    return numpy.minimum(numpy.floor(i), before - 1) if nearest else numpy.clip(i - 0.5, 0, before - 1)


def main(folder):
    random = numpy.random.RandomState(3)
    cases = [
        ((6, 7, 8), (12, 14, 16), 1, -1), ((5, 9, 4), (8, 6, 7), 2, -1), ((7, 6, 5), (3, 6, 11), 1, -1),
        ((3, 12, 10), (5, 8, 15), 1, 0), ((1, 9, 30), (1, 13, 17), 3, -1), ((2, 2, 2), (5, 3, 4), 1, -1),
    ]
    for number, (before, after, channels, nearest) in enumerate(cases):
        values = random.normal(size=before + (channels,)).astype(numpy.float32)
        labels = random.randint(0, 4, before).astype(numpy.uint16)
        axes = [places(b, a, axis == nearest) for axis, (b, a) in enumerate(zip(before, after))]
        grid = numpy.meshgrid(*axes, indexing="ij")
        out = numpy.zeros(after + (channels,))
        for channel in range(channels):
            # Where the places are whole numbers, the spline has the values themselves.
            source = values[..., channel].astype(float)
            out[..., channel] = ndimage.map_coordinates(source, grid, order=3, mode="mirror")
        maps = [(labels == label).astype(float) for label in range(4)]
        shares = [ndimage.map_coordinates(each, grid, order=1, mode="nearest") for each in maps]
        name = f"case{number}"
        values.tofile(Path(folder, name + ".in"))
        labels.tofile(Path(folder, name + ".labels"))
        out.astype(numpy.float32).tofile(Path(folder, name + ".out"))
        numpy.round(numpy.array(shares), 9).argmax(0).astype(numpy.uint16).tofile(Path(folder, name + ".map"))
        print(name, *before, *after, channels, nearest)


main(sys.argv[1])
