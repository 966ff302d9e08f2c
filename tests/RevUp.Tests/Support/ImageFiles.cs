using System.Formats.Tar;

namespace RevUp.Tests.Support;

/// <summary>Small images from a formula, as PNG, in the layouts that datasets read.</summary>
internal static class ImageFiles
{
    /// <summary>The value of a pixel: no two images, rows or columns alike.</summary>
    public static byte Value(int image, int x, int y, int channel) =>
        (byte)(37 * image + 11 * x + 5 * y + 70 * channel);

    public static byte[] Png(int image, int width, int height)
    {
        byte[] values = new byte[width * height * 3];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Value(image, i / 3 % width, i / 3 / width, i % 3);
        }
        return PngWriter.Write(new Pixels(values, height, width, Channels: 3));
    }

    /// <summary>
    /// Writes CLASS/FILE images of 6 × 6 pixels, numbered in the order of the names.
    /// </summary>
    public static void WriteFolder(string folder, params string[] names)
    {
        for (int i = 0; i < names.Length; i++)
        {
            string path = Path.Combine(folder, names[i]);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, Png(i, 6, 6));
        }
    }

    /// <summary>Writes a training and a test part of cats and dogs in turn.</summary>
    public static void WriteCatsAndDogs(string folder, int count)
    {
        string[] names = [.. Enumerable.Range(0, count).Select(i => $"{(i % 2 == 0 ? "cat" : "dog")}/{i:D2}.png")];
        WriteFolder(Path.Combine(folder, "train"), names);
        WriteFolder(Path.Combine(folder, "test"), names);
    }

    /// <summary>The override of a recipe that reads them, as 8 × 8 pixels.</summary>
    public static string CatsAndDogs(string folder) =>
        $$"""data={"dataset":"imageFolder","path":"{{folder}}","extents":[8,8],"channels":3,"classes":2}""";

    /// <summary>
    /// Writes a shard; a member without content is a folder or an image, numbered in the order of
    /// the images.
    /// </summary>
    public static void WriteShard(string path, params (string Name, string? Content)[] members)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        using TarWriter writer = new(file, TarEntryFormat.Pax);
        int image = 0;
        foreach ((string name, string? content) in members)
        {
            if (name.EndsWith('/'))
            {
                writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, name));
                continue;
            }
            byte[] bytes = content is null ? Png(image++, 6, 6) : Encoding.UTF8.GetBytes(content);
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }
    }

    /// <summary>One sample as it is in the file, in 0 .. 255.</summary>
    public static float[] Read(ImageDataset dataset, int index, Augmentation? augmentation = null)
    {
        int channels = dataset.Sample.Channels;
        ChannelNormalization bytes = new(new double[channels], [.. Enumerable.Repeat(1.0 / 255, channels)]);
        using SampleReader reader = dataset.OpenReader();
        return reader.Read(
            index,
            new SampleKey(1, 0, index),
            new SampleTransform(augmentation ?? new Augmentation(), bytes),
            dataset.Sample);
    }

    /// <summary>Image <paramref name="image"/> of 6 × 6 as <see cref="Read"/> gives it.</summary>
    public static float[] Expected(int image) =>
        [.. Enumerable.Range(0, 108).Select(i => (float)Value(image, i / 3 % 6, i / 18, i % 3))];
}
