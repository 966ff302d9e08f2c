namespace RevUp.Tests.Support;

/// <summary>Writes NIfTI files and folders of cases as people download them.</summary>
internal static class CaseFolder
{
    /// <summary>[3, 4] by rows: voxel (x, y, z, 1) to millimetres, one millimetre each.</summary>
    public static readonly double[] Unit = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0];

    /// <summary>A NIfTI-1 file with an affine.</summary>
    /// <param name="path">The file; .gz compresses it.</param>
    /// <param name="extents">x, y, z and channels.</param>
    /// <param name="type">Of the stored numbers.</param>
    /// <param name="affine">[3, 4] by rows.</param>
    /// <param name="value">Number at (x, y, z, channel).</param>
    public static void Write(
        string path, int[] extents, VoxelType type, double[] affine, Func<int, int, int, int, double> value)
    {
        (int width, int height, int depth, int channels) = (extents[0], extents[1], extents[2], extents[3]);
        byte[] file = new byte[352 + width * height * depth * channels * type.Size()];
        NiftiFiles.Create(type, bigEndian: false)[..352].CopyTo(file, 0);
        short[] dimensions = [(short)(channels > 1 ? 4 : 3), .. extents.Select(extent => (short)extent)];
        NiftiFiles.Write(file, 40, dimensions);
        NiftiFiles.Write(file, 254, 1);
        for (int row = 0; row < 3; row++)
        {
            NiftiFiles.WriteFloats(
                file, 280 + 16 * row, [.. Enumerable.Range(0, 4).Select(i => (float)affine[4 * row + i])]);
        }
        for (int axis = 0; axis < 3; axis++)
        {
            double square = Enumerable.Range(0, 3).Sum(row => affine[4 * row + axis] * affine[4 * row + axis]);
            NiftiFiles.WriteFloats(file, 80 + 4 * axis, (float)Math.Sqrt(square));
        }
        int at = 352;
        for (int i = 0; i < width * height * depth * channels; i++, at += type.Size())
        {
            int plane = i / width / height;
            double number = value(i % width, i / width % height, plane % depth, plane / depth);
            byte[] bytes = type switch
            {
                VoxelType.UInt8 => [(byte)number],
                VoxelType.Int16 => BitConverter.GetBytes((short)number),
                VoxelType.Int64 => BitConverter.GetBytes((long)number),
                VoxelType.Float64 => BitConverter.GetBytes(number),
                _ => BitConverter.GetBytes((float)number),
            };
            bytes.CopyTo(file, at);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, path.EndsWith(".gz", StringComparison.Ordinal) ? Gzip.Compress(file) : file);
    }

    /// <summary>
    /// nnU-Net's layout: cases "a" to "d" of other extents, a bright box of class 1 with a core of
    /// class 2 in each, and air of 0 around.
    /// </summary>
    public static void WriteNnUNet(string folder, string channel = "MRI", int channels = 1)
    {
        Directory.CreateDirectory(folder);
        IEnumerable<string> names = Enumerable.Range(0, channels).Select(number => $"\"{number}\": \"{channel}\"");
        File.WriteAllText(
            Path.Combine(folder, "dataset.json"),
            $$"""
            {
              "channel_names": { {{string.Join(", ", names)}} },
              "labels": { "background": 0, "box": 1, "core": 2 },
              "file_ending": ".nii.gz"
            }
            """);
        for (int number = 0; number < 4; number++)
        {
            string name = ((char)('a' + number)).ToString();
            int[] extents = [12 + number, 11, 10, 1];
            double[] affine = [1.5, 0, 0, -3, 0, 1, 0, 4, 0, 0, 2, number];
            for (int index = 0; index < channels; index++)
            {
                int own = index, seed = number;
                Write(
                    Path.Combine(folder, "imagesTr", $"{name}_{index:0000}.nii.gz"), extents, VoxelType.Float32, affine,
                    (x, y, z, _) => Value(seed, x, y, z) * (own + 1));
            }
            Write(
                Path.Combine(folder, "labelsTr", $"{name}.nii.gz"), extents, VoxelType.Int64, affine,
                (x, y, z, _) => Label(x, y, z));
        }
    }

    /// <summary>Value of a case of <see cref="WriteNnUNet"/>.</summary>
    public static double Value(int number, int x, int y, int z) => x is < 1 or > 9 || y is < 2 or > 8 || z is < 1 or > 7
        ? 0
        : 100 + 20 * Label(x, y, z) + 3 * x + y + 2 * z + number;

    /// <summary>Label of a case of <see cref="WriteNnUNet"/>.</summary>
    public static int Label(int x, int y, int z) =>
        x is < 3 or > 7 || y is < 3 or > 7 || z is < 2 or > 6 ? 0 : (x, y, z) is (5, 5, 4) or (4, 5, 4) ? 2 : 1;
}
