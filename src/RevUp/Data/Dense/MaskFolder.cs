using RevUp.Data.Images;
using RevUp.Interop.Image;
using RevUp.Tensors;

namespace RevUp.Data.Dense;

/// <summary>
/// JPEG and PNG images with a mask each: train/FILE.jpg and trainannot/FILE.png, and val, test and
/// others alike. Both are decoded when they are read.
/// </summary>
/// <remarks>
/// A mask is a grey PNG of up to 16 bits or one with a palette; the stored number is the class,
/// from 0. Names of the classes are the lines of classes.txt in the folder, or the numbers. Values
/// of pixels are fractions of white.
/// </remarks>
internal sealed class MaskFolder : DenseDataset
{
    private const string MaskSuffix = "annot";
    private const string ClassList = "classes.txt";

    private readonly (string Image, string Mask)[] _files;
    private readonly (int Height, int Width)[] _sizes; // 0 until they are read
    private readonly CaseLabels _labels;

    private MaskFolder(
        (string, string)[] files, int channels, CaseLabels labels, IReadOnlyList<DataFinding> findings)
    {
        (_files, Channels, _labels, Findings) = (files, channels, labels, findings);
        _sizes = new (int, int)[files.Length];
    }

    /// <summary>Lists one part; no image is read.</summary>
    /// <param name="folder">The folder with all parts.</param>
    /// <param name="split">Which part.</param>
    /// <param name="channels">1 for grey, 3 for RGB.</param>
    /// <param name="classes">K.</param>
    /// <param name="ignored">Number of pixels that do not count.</param>
    /// <exception cref="DataFileException">The part is missing, or it has no image with a
    /// mask.</exception>
    public static MaskFolder Open(string folder, DatasetSplit split, int channels, int classes, int ignored)
    {
        string images = Find(folder, split) ?? throw new DataFileException(
            folder,
            SegmentationFolder.Is(folder)
                ? "it is a folder as nnU-Net or the Decathlon has it; set data.dataset=segmentationFolder, or use "
                    + "--recipe segment-3d for volumes."
                : $"there is no folder '{SplitFolder.Names(split)[0]}' with '{SplitFolder.Names(split)[0]}{MaskSuffix}' "
                    + "beside it; put images into the first and a mask FILE.png of each into the second.");
        DataFindings findings = new();
        Dictionary<string, string> masks = Files(images + MaskSuffix, [".png"], findings);
        Dictionary<string, string> pictures = Files(images, FileNames.Images, findings);
        foreach (string name in pictures.Keys.Where(name => !masks.ContainsKey(name)))
        {
            findings.AddProblem("image without a mask", pictures[name]);
        }
        foreach (string name in masks.Keys.Where(name => !pictures.ContainsKey(name)))
        {
            findings.AddProblem("mask without an image", masks[name]);
        }
        (string, string)[] files =
        [
            .. pictures.Where(pair => masks.ContainsKey(pair.Key)).OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => (pair.Value, masks[pair.Key])),
        ];
        string[] names = [.. NamesIn(folder) ?? Enumerable.Range(0, classes).Select(
            label => label.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        CaseLabels labels = new(names, [.. Enumerable.Range(0, names.Length)], ignored);
        string extensions = string.Join(", ", FileNames.Images);
        return files.Length > 0
            ? new MaskFolder(files, channels, labels, findings.ToList())
            : throw new DataFileException(
                images,
                $"it has no image ({extensions}) with a PNG of its name in {images}{MaskSuffix}: FILE.jpg has the mask "
                + "FILE.png. No other format is read as a mask; JPEG changes its numbers.");
    }

    /// <summary>The folder with a part's images; null where there are none with masks.</summary>
    public static string? Find(string folder, DatasetSplit split) => SplitFolder.Names(split)
        .Select(name => Path.Combine(folder, name))
        .FirstOrDefault(path => Directory.Exists(path) && Directory.Exists(path + MaskSuffix));

    /// <summary>Names of the classes by classes.txt; null where there is none.</summary>
    public static IReadOnlyList<string>? NamesIn(string folder)
    {
        string path = Path.Combine(folder, ClassList);
        return !File.Exists(path) ? null
            : [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
    }

    /// <summary>
    /// Number of classes: by classes.txt, or one more than the largest number in the training masks
    /// that counts. Without classes.txt all of them are read.
    /// </summary>
    /// <exception cref="DataFileException">
    /// A mask cannot be read, or the numbers are not those of classes: one alone, with wide gaps, or
    /// with the ignored one between them.
    /// </exception>
    public static int CountClasses(string folder, int ignored)
    {
        if (NamesIn(folder) is { } names)
        {
            return names.Count;
        }
        using MaskFolder masks = Open(folder, DatasetSplit.Train, channels: 3, ushort.MaxValue, ignored);
        SortedSet<int> numbers = [0];
        for (int index = 0; index < masks.Count; index++)
        {
            foreach (ushort number in masks.ReadMask(index).Distinct().Where(number => number != ignored))
            {
                numbers.Add(number);
            }
        }
        RequireClasses(folder, numbers, ignored);
        return numbers.Max + 1;
    }

    // A binary mask of 0 and 255 would otherwise have 256 classes, and another dataset's void would
    // leave out a class.
    private static void RequireClasses(string folder, SortedSet<int> numbers, int ignored)
    {
        string? problem = numbers.Max == 0
            ? $"its training masks have no class but 0 and {ignored}, which does not count (data.dense.ignoredLabel); "
                + $"set that to another number, add masks, or list the classes in {ClassList}."
            : 2 * numbers.Count <= numbers.Max
            ? $"its training masks have the numbers {string.Join(", ", numbers.Take(10))} alone; number the classes 0, "
                + $"1, 2 and on in the masks, or list all {numbers.Max + 1} in {ClassList}."
            : 0 < ignored && ignored < numbers.Max
            ? $"its training masks have numbers up to {numbers.Max}, and {ignored} among them does not count "
                + "(data.dense.ignoredLabel); set that to the number for 'not labelled' in these masks, such as 255, "
                + $"or set data.classes={numbers.Max + 1} where {ignored} is right."
            : null;
        if (problem is not null)
        {
            throw new DataFileException(folder, problem);
        }
    }

    /// <inheritdoc/>
    public override int Count => _files.Length;

    /// <inheritdoc/>
    public override int Channels { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Classes => _labels.Names;

    /// <summary>Whether the first class is called 'background'.</summary>
    public override bool HasBackground => Classes[0].Equals("background", StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    internal override IReadOnlyList<DataFinding> Findings { get; }

    /// <summary>The size that the image's header has.</summary>
    public override Shape Extents(int index)
    {
        if (_sizes[index].Width == 0)
        {
            byte[] bytes = [];
            string path = _files[index].Image;
            ImageInfo info = PictureFile.Inspect(path, PictureFile.Load(path, ref bytes));
            _sizes[index] = (info.Height, info.Width);
        }
        return new Shape(1, _sizes[index].Height, _sizes[index].Width, Channels);
    }

    /// <inheritdoc/>
    public override string Name(int index) => _files[index].Image;

    /// <inheritdoc/>
    public override DenseReader OpenReader() => new Reader(this);

    /// <summary>The mask of an image, as its file has it; its size must be the image's.</summary>
    internal ushort[] ReadMask(int index)
    {
        Shape image = Extents(index);
        string path = _files[index].Mask;
        byte[] buffer = [];
        ReadOnlySpan<byte> bytes = PictureFile.Load(path, ref buffer);
        ImageInfo info = PictureFile.Inspect(path, bytes);
        if (info.Height != image.Extent(0) || info.Width != image.Extent(1))
        {
            throw new DataFileException(
                path,
                $"the mask has {info.Width} × {info.Height} pixels, and its image {_files[index].Image} has "
                + $"{image.Extent(1)} × {image.Extent(0)}; make them equal, or leave both out.");
        }
        return PictureFile.ReadNumbers(path, bytes, info);
    }

    private static Dictionary<string, string> Files(string folder, string[] extensions, DataFindings findings)
    {
        Dictionary<string, string> files = [];
        foreach (Interop.Posix.RawEntry entry in FolderEntries.List(folder))
        {
            string path = Path.Combine(folder, entry.Name);
            if (FileNames.IsHidden(entry.Name))
            {
                findings.AddSkipped("hidden or side file or folder", path);
            }
            else if (entry.IsFolder || !extensions.Contains(
                Path.GetExtension(entry.Name), StringComparer.OrdinalIgnoreCase))
            {
                findings.AddProblem($"file that is not {string.Join(", ", extensions)}", path);
            }
            else if (!files.TryAdd(Path.GetFileNameWithoutExtension(entry.Name), path))
            {
                findings.AddProblem("second file of a name", path);
            }
        }
        return files;
    }

    private sealed class Reader(MaskFolder folder) : DenseReader
    {
        private readonly ImageDecoder _decoder = new();
        private byte[] _encoded = [];
        private byte[] _pixels = [];
        private ushort[] _map = [];
        private int _mapOf = -1; // a foreground is drawn from the map that is cut next

        public override void Read(
            int index, ReadOnlySpan<int> origin, Shape box, Span<float> pixels, Span<ushort> labels)
        {
            (int height, int width) = (box.Extent(0), box.Extent(1));
            if (!pixels.IsEmpty)
            {
                ReadPixels(index, new ImageRegion(origin[1], origin[0], width, height), pixels);
            }
            if (!labels.IsEmpty)
            {
                int stride = folder.Extents(index).Extent(1);
                ReadOnlySpan<ushort> map = Map(index);
                for (int row = 0; row < height; row++)
                {
                    map.Slice((origin[0] + row) * stride + origin[1], width).CopyTo(labels[(row * width)..]);
                }
            }
        }

        protected override void Dispose(bool disposing)
        {
            _decoder.Dispose();
            base.Dispose(disposing);
        }

        private void ReadPixels(int index, ImageRegion region, Span<float> pixels)
        {
            string path = folder._files[index].Image;
            if (_pixels.Length < pixels.Length)
            {
                _pixels = new byte[pixels.Length];
            }
            PictureFile.Decode(
                _decoder, path, PictureFile.Load(path, ref _encoded), region, folder.Channels,
                _pixels.AsSpan(0, pixels.Length));
            for (int i = 0; i < pixels.Length; i++)
            {
                pixels[i] = _pixels[i] / 255f;
            }
        }

        private ushort[] Map(int index)
        {
            if (_mapOf != index)
            {
                _mapOf = -1;
                ushort[] numbers = folder.ReadMask(index);
                _map = new ushort[numbers.Length];
                folder._labels.Convert<ushort>(
                    folder._files[index].Mask,
                    numbers,
                    _map,
                    FormattableString.Invariant($"the ignored one is {folder._labels.Ignored}; set data.classes and ")
                    + "data.dense.ignoredLabel to the numbers in the masks, or correct the mask");
                _mapOf = index;
            }
            return _map;
        }
    }
}
