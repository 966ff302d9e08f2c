#!/usr/bin/python3
"""Writes the dataset ch2-regions as a folder of nnU-Net: /usr/bin/python3 ch2_regions.py OUTPUT [TEMPLATES]

One head, two cases: the left hemisphere trains, the right one, mirrored, tests. Labels: 0 outside the brain, 1 brain of no
region (white matter, ventricles, brainstem), 2 cortex, 3 deep grey matter, 4 cerebellum. Both hemispheres are of one
person, so the figures say how well a network learns, not how it does on other people.

Needs Debian's packages mricron-data (ch2.nii.gz, ch2bet.nii.gz, aal.nii.gz) and python3-nibabel. The atlas has terms of
its own: use the output, do not pass it on.
"""

import json
import pathlib
import sys

import nibabel
import numpy

TEMPLATES = pathlib.Path("/usr/share/mricron/templates")
CLASSES = ["background", "brain", "cortex", "deep grey", "cerebellum"]
DEEP_GREY = range(71, 79)  # caudate, putamen, pallidum, thalamus
CEREBELLUM = range(91, 117)  # with the vermis


def regions(brain: numpy.ndarray, atlas: numpy.ndarray) -> numpy.ndarray:
    """Classes [X, Y, Z] of the skull-stripped head and the atlas; the atlas decides where both say something."""
    labels = (brain > 0).astype(numpy.uint8)
    labels[atlas > 0] = CLASSES.index("cortex")
    labels[numpy.isin(atlas, DEEP_GREY)] = CLASSES.index("deep grey")
    labels[numpy.isin(atlas, CEREBELLUM)] = CLASSES.index("cerebellum")
    return labels


def main(output: pathlib.Path, templates: pathlib.Path = TEMPLATES) -> None:
    """Writes both cases; prints the voxels of each class."""
    head, brain, atlas = (nibabel.load(templates / f"{name}.nii.gz") for name in ("ch2", "ch2bet", "aal"))
    values, brain, atlas = (numpy.asarray(image.dataobj) for image in (head, brain, atlas))
    labels = regions(brain, atlas)
    for name in ("imagesTr", "labelsTr"):
        (output / name).mkdir(parents=True)
    middle = values.shape[0] // 2  # plane x = 0 mm, which no case has
    halves = {"left": slice(0, middle), "right": slice(None, middle, -1)}
    for case, half in halves.items():
        for folder, end, array in (("imagesTr", "_0000", values), ("labelsTr", "", labels)):
            image = nibabel.Nifti1Image(array[half], head.affine)
            nibabel.save(image, output / folder / f"{case}{end}.nii.gz")
        print(case, dict(zip(CLASSES, numpy.bincount(labels[half].ravel()).tolist())))
    (output / "train.txt").write_text("left\n")
    (output / "test.txt").write_text("right\n")
    (output / "dataset.json").write_text(json.dumps({
        "channel_names": {"0": "MRI"}, "labels": {name: i for i, name in enumerate(CLASSES)}, "file_ending": ".nii.gz"}))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*map(pathlib.Path, sys.argv[1:]))
