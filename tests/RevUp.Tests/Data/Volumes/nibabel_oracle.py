"""Seeded NIfTI files and what nibabel reads in them: `python3 nibabel_oracle.py FOLDER`, one line a file.

A line is the file's name and D, H, W, C of its closest canonical orientation; NAME.values has the values as float32 in that order.
"""

import sys
from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy


def affines(random):
    """All 48 orientations, and rotations by up to half a radian."""
    for axes in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            linear = numpy.zeros((3, 3))
            for column, (row, sign) in enumerate(zip(axes, signs)):
                linear[row, column] = sign * random.uniform(0.5, 3)
            yield linear
    for _ in range(24):
        angles = random.uniform(-0.5, 0.5, 3)
        rotation = nibabel.eulerangles.euler2mat(*angles)
        yield rotation @ numpy.diag(random.uniform(0.5, 3, 3) * random.choice([-1, 1], 3))


def main(folder):
    random = numpy.random.RandomState(7)
    types = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
    for number, linear in enumerate(affines(random)):
        shape = tuple(random.randint(1, 7, 3)) + ((int(random.randint(2, 4)),) if number % 3 == 0 else ())
        kind = numpy.dtype(types[number % len(types)]).newbyteorder("<>"[number % 2])
        values = random.randint(0, 100, shape).astype(kind)
        affine = numpy.eye(4)
        affine[:3, :3] = linear
        image_class, extension = [
            (nibabel.Nifti1Image, ".nii"), (nibabel.Nifti2Image, ".nii.gz"), (nibabel.Nifti1Pair, ".img"),
            (nibabel.Nifti2Image, ".nii"), (nibabel.Nifti1Image, ".nii.gz"), (nibabel.Nifti2Pair, ".img"),
        ][number % 6]
        header = image_class.header_class(endianness="<>"[number % 2])
        image = image_class(values, affine, header)
        image.header.set_data_dtype(kind)
        if number % 4 == 1:
            image.set_sform(None, code=0)
            image.set_qform(affine, code=1)
        if kind.kind in "iu" and number % 5 < 2:
            image.header.set_slope_inter(0.5, -3)
        name = f"{number:03d}{extension}"
        nibabel.save(image, Path(folder, name))
        read = nibabel.as_closest_canonical(nibabel.load(Path(folder, name)))
        data = read.get_fdata()
        data = data if data.ndim == 4 else data[..., None]
        data.transpose(2, 1, 0, 3).astype("<f4").tofile(Path(folder, name + ".values"))
        print(name, *data.shape[2::-1], data.shape[3])


main(sys.argv[1])
