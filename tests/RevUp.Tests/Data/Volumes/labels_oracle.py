"""Images for label maps, and the label maps as nibabel reads them.

`python3 labels_oracle.py make FOLDER` writes images and prints their names and shapes; `... check FOLDER` compares NAME.labels.nii.gz
and NAME.labels.nii beside each with the image's header, and prints the names of the files that agree, with the type of their voxels.
`draw` and `check-signs` do so with 50 drawn geometries, whose values pass through 0 on a plane; labels are compared with their signs.
"""

import sys
from pathlib import Path

import nibabel
import numpy

GEOMETRY = [
    "pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z",
    "srow_x", "srow_y", "srow_z", "xyzt_units", "dim_info", "slice_code", "toffset",
]


def affines(random):
    yield "ras", numpy.diag([1, 1, 1, 1.0])
    yield "las", numpy.diag([-0.9, 0.9, 1.2, 1])
    yield "lpi", numpy.diag([-1, -1, -1, 1.0])
    yield "anisotropic", numpy.diag([0.5, 0.5, 6, 1])
    oblique = numpy.eye(4)
    oblique[:3, :3] = nibabel.eulerangles.euler2mat(0.3, -0.2, 0.4) @ numpy.diag([0.7, -1.1, 3])
    yield "oblique", oblique
    swapped = numpy.zeros((4, 4))
    swapped[[2, 0, 1, 3], [0, 1, 2, 3]] = [1.5, -2, 0.8, 1]
    yield "swapped", swapped


def make(folder):
    random = numpy.random.RandomState(5)
    number = 0
    for name, affine in affines(random):
        affine[:3, 3] = random.uniform(-100, 100, 3)
        for image_class in nibabel.Nifti1Image, nibabel.Nifti2Image, nibabel.Nifti1Pair:
            shape = tuple(random.randint(2, 9, 3)) + [(), (3,), (1,)][number % 3]
            image = image_class(random.normal(size=shape).astype("f4"), affine, image_class.header_class(endianness="<>"[number // 3 % 2]))
            codes = [(1, 2), (0, 4), (3, 0)][number // 2 % 3]
            image.set_sform(affine if codes[0] else None, code=codes[0])
            image.set_qform(affine if codes[1] else None, code=codes[1])
            image.header.set_xyzt_units(["mm", "micron", "meter"][number % 3], "sec")
            image.header.set_slope_inter(2, 7)
            image.header["cal_max"], image.header["intent_code"] = 5, 3
            file = f"{name}-{number}" + (".img" if image_class is nibabel.Nifti1Pair else [".nii", ".nii.gz"][number % 2])
            nibabel.save(image, Path(folder, file))
            print(file, *shape[2::-1])
            number += 1


def draw(folder):
    random = numpy.random.RandomState(15)
    for number in range(50):
        rotation = nibabel.eulerangles.euler2mat(*random.uniform(-0.6, 0.6, 3)) if number % 5 else numpy.eye(3)
        order = numpy.eye(3)[random.permutation(3)] * random.choice([-1, 1], 3)
        affine = numpy.eye(4)
        affine[:3, :3] = rotation @ order @ numpy.diag(random.uniform(0.5, 3, 3))
        affine[:3, 3] = random.uniform(-200, 200, 3)
        units, millimetre = [(("mm", "sec"), 1), (("micron", "msec"), 1e3), (("meter", "usec"), 1e-3), (("unknown", "unknown"), 1)][number % 4]
        affine[:3] *= millimetre
        shape = tuple(random.randint(12, 20, 3))
        normal = random.normal(size=3)
        voxels = numpy.moveaxis(numpy.indices(shape), 0, -1) - (numpy.array(shape) - 1) / 2
        values = 100 * voxels @ (normal / numpy.linalg.norm(normal)) + 0.5
        image_class = [nibabel.Nifti1Image, nibabel.Nifti2Image][random.randint(2)]
        header = image_class.header_class(endianness="<>"[random.randint(2)])
        header.set_data_dtype(random.choice(["i2", "f4", "f8", "i4", "u2"]))
        image = image_class(values.reshape(shape + [(), (1,)][number % 2]), affine, header)
        codes = [(1, 1), (2, 0), (0, 3), (4, 2), (3, 4)][random.randint(5)]
        image.set_sform(affine if codes[0] else None, code=codes[0])
        image.set_qform(affine if codes[1] else None, code=codes[1])
        image.header.set_xyzt_units(*units)
        file = f"drawn-{number:02}" + [".nii", ".nii.gz"][number // 2 % 2]
        nibabel.save(image, Path(folder, file))
        print(file)


def check_signs(folder):
    check(folder)
    for path in Path(folder).glob("*.labels.nii.gz"):
        values = nibabel.load(str(path).split(".labels.")[0]).get_fdata().ravel()
        labels = nibabel.load(path).get_fdata().ravel()
        clear = numpy.abs(values) > 400  # four voxels from the plane
        assert clear.mean() > 0.2 and numpy.array_equal(labels[clear], values[clear] > 0), path


def check(folder):
    for path in sorted(Path(folder).glob("*.labels.nii*")):
        image, labels = nibabel.load(str(path).split(".labels.")[0]), nibabel.load(path)
        shape = image.shape if image.shape[3:] in ((), (1,)) else image.shape[:3]
        assert labels.shape == shape, (path, labels.shape, shape)
        assert numpy.array_equal(labels.affine, image.affine), path
        for field in GEOMETRY:
            if not (field == "pixdim" and len(shape) < len(image.shape)):
                own, wanted = labels.header[field], image.header[field]
                assert own.tobytes() == wanted.tobytes(), (path, field, own, wanted)
        assert labels.header["pixdim"][:4].tobytes() == image.header["pixdim"][:4].tobytes(), path
        assert isinstance(labels, nibabel.Nifti2Image) == isinstance(image, nibabel.Nifti2Image), path
        assert numpy.isin(labels.header["intent_code"], 0) and labels.header["cal_max"] == 0, path
        assert labels.dataobj.slope == 1 and labels.dataobj.inter == 0, path
        values = numpy.asanyarray(labels.dataobj).ravel(order="F").astype("<u2")
        values.tofile(f"{path}.values")
        print(path.name, labels.get_data_dtype().newbyteorder("=").name)


{"make": make, "check": check, "draw": draw, "check-signs": check_signs}[sys.argv[1]](sys.argv[2])
