using System.Buffers;
using RevUp.Backends;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>
/// Named float32 tensors of a backend to and from a safetensors file, one at a time through the
/// host.
/// </summary>
internal static class TensorFile
{
    private const string OrderKey = "layout";
    private const string ChannelsLast = "O(D)HWI";
    private const string ChannelsFirst = "OI(D)HW";

    // What PyTorch's own writer calls itself; it states no layout.
    private const string FormatKey = "format";
    private const string PyTorchFormat = "pt";

    /// <summary>Writes all tensors; the order of their axes is stated among the metadata.</summary>
    public static void Write(
        Backend backend,
        string path,
        IReadOnlyList<(string Name, Tensor Tensor)> tensors,
        AxisOrder order = AxisOrder.ChannelsLast,
        params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        SafetensorsTensor[] declarations =
            [.. tensors.Select(
                t => new SafetensorsTensor(t.Name, SafetensorsType.F32, AxisOrders.Dimensions(t.Tensor.Shape, order)))];
        Dictionary<string, string> texts = new()
        {
            [FormatKey] = "revup",
            [OrderKey] = order == AxisOrder.ChannelsLast ? ChannelsLast : ChannelsFirst,
        };
        foreach ((string key, string value) in metadata)
        {
            texts.Add(key, value);
        }
        using SafetensorsWriter writer = new(path, declarations, texts);
        foreach ((string name, Tensor tensor) in tensors)
        {
            WithBuffers(tensor, (values, ordered) =>
            {
                backend.Download(tensor, values);
                if (order == AxisOrder.ChannelsFirst)
                {
                    AxisOrders.ToChannelsFirst(tensor.Shape, values, ordered);
                    values = ordered;
                }
                writer.Write<float>(name, values);
            });
        }
        writer.Complete();
    }

    /// <summary>
    /// Fills all tensors, or none: everything is read and checked before the first one changes. The
    /// file must hold each with this shape, and nothing else.
    /// </summary>
    /// <returns>Whether the file had all tensors, with the optional ones.</returns>
    /// <param name="backend">Owns the tensors.</param>
    /// <param name="file">F32, or F64, F16 and BF16, which are converted.</param>
    /// <param name="tensors">Tensors to fill.</param>
    /// <param name="asked">
    /// The order of the file's axes; null to take what the file states, or else what its shapes
    /// tell.
    /// </param>
    /// <param name="optional">
    /// Names that the file may lack, whose tensors then stay, or may have beside the tensors; null
    /// for none.
    /// </param>
    /// <exception cref="CheckpointException">
    /// A tensor is missing, has another shape or type, or holds a number that is not finite; one is
    /// not of the network; or nothing tells the order of the axes.
    /// </exception>
    public static bool Read(
        Backend backend, WeightSource file, IReadOnlyList<(string Name, Tensor Tensor)> tensors,
        AxisOrder? asked = null, IReadOnlySet<string>? optional = null)
    {
        string path = file.Name;
        using SafetensorsReader reader = file.Open();
        int declared = tensors.Count;
        tensors = [.. tensors.Where(
            tensor => optional?.Contains(tensor.Name) != true || reader.Find(tensor.Name) is not null)];
        AxisOrder order = asked ?? OrderOf(reader, path, tensors);
        RequireFit(reader, path, tensors, order, optional);
        float[][] contents = [.. tensors.Select(tensor => FloatTensors.Read(reader, path, tensor.Name))];
        float[] ordered = order == AxisOrder.ChannelsFirst ? new float[tensors.Max(entry => entry.Tensor.Count)] : [];
        for (int i = 0; i < contents.Length; i++)
        {
            Tensor tensor = tensors[i].Tensor;
            Span<float> values = contents[i];
            if (order == AxisOrder.ChannelsFirst)
            {
                Span<float> last = ordered.AsSpan(0, values.Length);
                AxisOrders.ToChannelsLast(tensor.Shape, values, last);
                values = last;
            }
            backend.Upload<float>(values, tensor);
        }
        return tensors.Count == declared;
    }

    private static void RequireFit(
        SafetensorsReader reader, string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors, AxisOrder order,
        IReadOnlySet<string>? optional)
    {
        foreach ((string name, Tensor tensor) in tensors)
        {
            SafetensorsTensor found = reader.Find(name) ?? throw new CheckpointException(
                path, $"there is no tensor '{name}'; the file belongs to another network.");
            long[] needed = AxisOrders.Dimensions(tensor.Shape, order);
            if (!found.Shape.SequenceEqual(needed))
            {
                (string shape, string own) = (string.Join(", ", found.Shape.ToArray()), string.Join(", ", needed));
                throw new CheckpointException(
                    path,
                    $"the tensor '{name}' has the shape [{shape}], but this network needs [{own}]; the file belongs to "
                    + "another network.");
            }
        }
        HashSet<string> names = [.. tensors.Select(tensor => tensor.Name), .. optional ?? new HashSet<string>()];
        if (reader.Tensors.FirstOrDefault(tensor => !names.Contains(tensor.Name)) is { } extra)
        {
            throw new CheckpointException(
                path, $"the tensor '{extra.Name}' is not part of this network; the file belongs to another one.");
        }
    }

    // RevUp states the order. PyTorch does not, and by default does not say either that it wrote
    // the file.
    private static AxisOrder OrderOf(
        SafetensorsReader reader, string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        if (reader.Metadata.TryGetValue(OrderKey, out string? stated))
        {
            return stated == ChannelsFirst ? AxisOrder.ChannelsFirst : AxisOrder.ChannelsLast;
        }
        (bool first, bool last) = (Fits(AxisOrder.ChannelsFirst), Fits(AxisOrder.ChannelsLast));
        bool isPyTorch = reader.Metadata.GetValueOrDefault(FormatKey) == PyTorchFormat;
        if (first != last)
        {
            return first ? AxisOrder.ChannelsFirst : AxisOrder.ChannelsLast;
        }
        // Where neither fits, the shape that does not is reported next.
        return isPyTorch || !first || tensors.All(entry => AxisOrders.IsSame(entry.Tensor.Shape))
            ? AxisOrder.ChannelsFirst
            : throw new CheckpointException(
                path,
                "its weights have shapes that fit channels-first and channels-last, and nothing in the file tells "
                + "which; pass channelsFirst: true for weights of PyTorch.");

        bool Fits(AxisOrder order) => tensors.All(entry => reader.Find(entry.Name) is not { } found
            || found.Shape.SequenceEqual(AxisOrders.Dimensions(entry.Tensor.Shape, order)));
    }

    private static void WithBuffers(Tensor tensor, TwoSpanAction action)
    {
        int count = (int)tensor.Count;
        float[] values = ArrayPool<float>.Shared.Rent(count);
        float[] ordered = ArrayPool<float>.Shared.Rent(count);
        action(values.AsSpan(0, count), ordered.AsSpan(0, count));
        ArrayPool<float>.Shared.Return(values);
        ArrayPool<float>.Shared.Return(ordered);
    }

    private delegate void TwoSpanAction(Span<float> values, Span<float> ordered);
}
