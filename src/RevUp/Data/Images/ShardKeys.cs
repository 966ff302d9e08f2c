namespace RevUp.Data.Images;

/// <summary>
/// The keys of images in shards, CLASS/NAME: the name of the image's file without its extension
/// where that is a key and no other image of its class has it, the image's number otherwise.
/// </summary>
internal sealed class ShardKeys
{
    private const int NumberLength = 8;
    private const int LongestName = 90; // a file's name in a header is up to 100 bytes, its extension included

    private readonly EncodedDataset _dataset;
    private readonly Dictionary<(int Label, string Name), int> _uses = [];
    private readonly bool _anyNumber;

    public ShardKeys(EncodedDataset dataset)
    {
        _dataset = dataset;
        for (int index = 0; index < dataset.Count; index++)
        {
            (int, string) name = NameOf(index);
            _uses[name] = _uses.GetValueOrDefault(name) + 1;
        }
        _anyNumber = Enumerable.Range(0, dataset.Count).Any(index => !IsKey(index));
    }

    /// <summary>The key of an image, and of its label.</summary>
    public string this[int index]
    {
        get
        {
            (int label, string name) = NameOf(index);
            // Where any image has its number for a key, a name of digits could be the number of
            // another.
            bool keeps = IsKey(index) && !(_anyNumber && name.Length == NumberLength && name.All(char.IsAsciiDigit));
            return $"{_dataset.Classes[label]}/{(keeps ? name : index.ToString("D8", CultureInfo.InvariantCulture))}";
        }
    }

    private (int Label, string Name) NameOf(int index) =>
        (_dataset.Label(index), Path.GetFileNameWithoutExtension(_dataset.FileName(index)));

    // A key ends at the first dot, and headers have the characters that all readers agree on.
    private bool IsKey(int index)
    {
        (int Label, string Name) name = NameOf(index);
        return name.Name.Length is > 0 and <= LongestName && _uses[name] == 1
            && name.Name.All(
                character => char.IsAsciiLetterOrDigit(character)
                    || character is '-' or '_' or '(' or ')' or ' ' or '+');
    }
}
