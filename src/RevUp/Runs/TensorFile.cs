using System.Buffers;
using RevUp.Backends;
using RevUp.Formats;
using RevUp.Tensors;

namespace RevUp.Runs;

/// <summary>Named float32 tensors of a backend to and from a safetensors file, one at a time through the host.</summary>
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
            [.. tensors.Select(t => new SafetensorsTensor(t.Name, SafetensorsType.F32, AxisOrders.Dimensions(t.Tensor.Shape, order)))];
        Dictionary<string, string> texts = new() { [FormatKey] = "revup", [OrderKey] = order == AxisOrder.ChannelsLast ? ChannelsLast : ChannelsFirst };
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
    /// Fills all tensors; the file must hold each with this shape, and nothing else. A file that says so, or that PyTorch wrote, has channels first.
    /// </summary>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not one of the network's.</exception>
    public static void Read(Backend backend, string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        using SafetensorsReader reader = new(path);
        AxisOrder order = OrderOf(reader.Metadata);
        foreach ((string name, Tensor tensor) in tensors)
        {
            SafetensorsTensor found = reader.Find(name)
                ?? throw new CheckpointException(path, $"there is no tensor '{name}'; the file belongs to another network.");
            if (found.Type != SafetensorsType.F32)
            {
                throw new CheckpointException(
                    path, $"the tensor '{name}' holds {found.Type}, but a network needs F32; save it in float32.");
            }
            long[] needed = AxisOrders.Dimensions(tensor.Shape, order);
            if (!found.Shape.SequenceEqual(needed))
            {
                (string shape, string own) = (string.Join(", ", found.Shape.ToArray()), string.Join(", ", needed));
                throw new CheckpointException(
                    path, $"the tensor '{name}' has the shape [{shape}], but this network needs [{own}]; the file belongs to another network.");
            }
        }
        if (reader.Tensors.Count != tensors.Count)
        {
            string extra = reader.Tensors.First(t => tensors.All(own => own.Name != t.Name)).Name;
            throw new CheckpointException(path, $"the tensor '{extra}' is not part of this network; the file belongs to another one.");
        }
        foreach ((string name, Tensor tensor) in tensors)
        {
            WithBuffers(tensor, (values, ordered) =>
            {
                reader.Read(name, values);
                if (order == AxisOrder.ChannelsFirst)
                {
                    AxisOrders.ToChannelsLast(tensor.Shape, values, ordered);
                    values = ordered;
                }
                backend.Upload<float>(values, tensor);
            });
        }
    }

    private static AxisOrder OrderOf(IReadOnlyDictionary<string, string> metadata) =>
        metadata.GetValueOrDefault(OrderKey) == ChannelsFirst || metadata.GetValueOrDefault(FormatKey) == PyTorchFormat
            ? AxisOrder.ChannelsFirst
            : AxisOrder.ChannelsLast;

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
