using RevUp.Backends;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Finds the tensors of a network in a file, by their names there, checks everything, and then
/// fills the tensors: all that fit, or none.
/// </summary>
internal sealed class WeightReader : IDisposable
{
    /// <summary>Remedy of a program for a file that does not fit.</summary>
    public const string Lenient = " To take what fits, set LoadOptions.Strict to false.";

    private readonly string _path;
    private readonly LoadOptions _options;
    private readonly string _hint;
    private readonly SafetensorsReader _reader;
    private readonly Dictionary<string, SafetensorsTensor> _found = [];

    /// <summary>Opens the file and renames its tensors.</summary>
    /// <param name="file">The file.</param>
    /// <param name="options">What is taken.</param>
    /// <param name="hint">Added to the message where the file does not fit.</param>
    /// <exception cref="CheckpointException">
    /// The file cannot be read or is damaged, or two of its tensors get one name.
    /// </exception>
    public WeightReader(WeightSource file, LoadOptions options, string hint)
    {
        (_path, _options, _hint) = (file.Name, options, hint);
        _reader = file.Open();
        try
        {
            foreach (SafetensorsTensor tensor in _reader.Tensors)
            {
                string name = options.Rename?.Invoke(tensor.Name) ?? tensor.Name;
                if (!_found.TryAdd(name, tensor))
                {
                    throw new CheckpointException(
                        file.Name,
                        $"the tensors '{_found[name].Name}' and '{tensor.Name}' are both renamed to '{name}'; correct "
                        + "LoadOptions.Rename.");
                }
            }
        }
        catch
        {
            _reader.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _reader.Dispose();

    /// <summary>Whether the file has a tensor of this name.</summary>
    public bool Has(string name) => _found.ContainsKey(name);

    /// <summary>Fills tensors.</summary>
    /// <param name="backend">Owns the tensors.</param>
    /// <param name="tensors">Tensors to fill.</param>
    /// <param name="optional">
    /// Names that the file may lack, and may have where this network does not keep them.
    /// </param>
    /// <param name="replaced">Names of tensors that stay, whatever the file has.</param>
    /// <exception cref="CheckpointException">
    /// The order of axes is not known; a tensor to take is not of finite numbers; or, when the
    /// options are strict, one is missing, unexpected or of another shape.
    /// </exception>
    public LoadReport Read(
        Backend backend, IReadOnlyList<(string Name, Tensor Tensor)> tensors, IReadOnlySet<string> optional,
        IReadOnlySet<string> replaced)
    {
        (string Name, Tensor Tensor)[] wanted = [.. tensors.Where(tensor => !replaced.Contains(tensor.Name))];
        AxisOrder order = Order(wanted);
        HashSet<string> names = [.. tensors.Select(tensor => tensor.Name), .. optional];
        List<(string Name, Tensor Tensor)> taken = [];
        List<string> missing = [], mismatched = [];
        foreach ((string name, Tensor tensor) in wanted)
        {
            long[] needed = AxisOrders.Dimensions(tensor.Shape, order);
            if (!_found.TryGetValue(name, out SafetensorsTensor? found))
            {
                if (!optional.Contains(name))
                {
                    missing.Add(name);
                }
            }
            else if (!found.Shape.SequenceEqual(needed))
            {
                mismatched.Add($"{name} {Text(found.Shape)} for {Text(needed)}");
                RequireLenient($"the tensor '{name}' has the shape {Text(found.Shape)}, but this network needs "
                    + $"{Text(needed)}; the file belongs to another network");
            }
            else
            {
                taken.Add((name, tensor));
            }
        }
        string[] unexpected = [.. _found.Keys.Where(name => !names.Contains(name))];
        if (missing.Count > 0)
        {
            RequireLenient($"there is no tensor '{missing[0]}'; the file belongs to another network");
        }
        if (unexpected.Length > 0)
        {
            RequireLenient(
                $"the tensor '{unexpected[0]}' is not part of this network; the file belongs to another one");
        }
        Fill(backend, taken, order);
        return new LoadReport
        {
            Taken = [.. taken.Select(tensor => tensor.Name)],
            Missing = missing,
            Unexpected = unexpected,
            Mismatched = mismatched,
            Replaced = [.. tensors.Select(tensor => tensor.Name).Where(replaced.Contains)],
        };
    }

    private static string Text(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray())}]";

    private void Fill(Backend backend, List<(string Name, Tensor Tensor)> tensors, AxisOrder order)
    {
        float[][] contents = [.. tensors.Select(tensor => FloatTensors.Read(_reader, _path, _found[tensor.Name].Name))];
        for (int i = 0; i < contents.Length; i++)
        {
            TensorFile.Upload(backend, contents[i], tensors[i].Tensor, order);
        }
    }

    private AxisOrder Order(IReadOnlyList<(string Name, Tensor Tensor)> tensors) => _options.ChannelsFirst switch
    {
        true => AxisOrder.ChannelsFirst,
        false => AxisOrder.ChannelsLast,
        null => TensorFile.OrderOf(_reader, _path, tensors, name => _found.GetValueOrDefault(name)),
    };

    private void RequireLenient(string problem)
    {
        if (_options.Strict)
        {
            throw new CheckpointException(_path, $"{problem}.{_hint}");
        }
    }
}
