namespace RevUp.Data;

/// <summary>Reads whole files of CIFAR.</summary>
internal static class CifarFiles
{
    /// <summary>All bytes, without their compression.</summary>
    /// <exception cref="DataFileException">It is missing, damaged, or larger than an
    /// array.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            using Stream content = DataContent.Open(path);
            using MemoryStream bytes = new(
                content is FileStream file ? (int)Math.Min(file.Length, Array.MaxLength) : 0);
            content.CopyTo(bytes);
            return bytes.Length == bytes.Capacity ? bytes.GetBuffer() : bytes.ToArray();
        }
        catch (Exception exception) when (
            exception is UnauthorizedAccessException or IOException)
        {
            throw new DataFileException(
                path,
                $"the file cannot be read ({exception.Message}) Give the folder of the extracted archive. "
                + $"{CifarDataset.HowToGet}",
                exception);
        }
    }
}
