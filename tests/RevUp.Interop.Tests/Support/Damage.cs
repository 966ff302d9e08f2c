namespace RevUp.Interop.Tests.Support;

/// <summary>
/// Seeded damage to the bytes of a file, of the sorts that happen: flipped bits, overwritten bytes,
/// a lost end, a part written twice.
/// </summary>
internal static class Damage
{
    // Headers matter most, so half of the damage is done there.
    private const int HeaderLength = 700;

    /// <summary>
    /// The file with one damage; sorts 0 to 3 take turns in <paramref name="index"/>.
    /// </summary>
    internal static byte[] Of(byte[] file, Random random, int index)
    {
        byte[] result = [.. file];
        int Place() => random.Next(random.Next(2) == 0 ? Math.Min(HeaderLength, file.Length) : file.Length);
        switch (index % 4)
        {
            case 0:
                for (int flips = 1 + random.Next(8); flips > 0; flips--)
                {
                    result[Place()] ^= (byte)(1 << random.Next(8));
                }

                return result;
            case 1:
                int start = Place();
                random.NextBytes(result.AsSpan(start, Math.Min(1 + random.Next(4), file.Length - start)));
                return result;
            case 2:
                return result[..random.Next(file.Length)];
            default:
                int from = Place(), length = 1 + random.Next(Math.Min(200, file.Length - from));
                return [.. file[..(from + length)], .. file[from..]];
        }
    }
}
