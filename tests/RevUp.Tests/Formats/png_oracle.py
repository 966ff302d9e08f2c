"""Mode, width, height and numbers of a picture as Pillow reads it: `python3 png_oracle.py FILE`."""

import sys

from PIL import Image

image = Image.open(sys.argv[1])
print("L" if image.mode == "L" else "I;16", *image.size)
print(*image.getdata())
