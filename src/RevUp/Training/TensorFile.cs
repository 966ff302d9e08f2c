using System.Buffers;
using RevUp.Backends;
using RevUp.Tensors;
using RevUp.Training.Files;

namespace RevUp.Training;

/// <summary>Named float32 tensors of a backend to and from a safetensors file, one at a time through the host.</summary>
internal static class TensorFile
{
    /// <summary>Writes all tensors.</summary>
    public static void Write(
        Backend backend, string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        SafetensorsTensor[] declarations = [.. tensors.Select(t => new SafetensorsTensor(t.Name, SafetensorsType.F32, Dimensions(t.Tensor.Shape)))];
        using SafetensorsWriter writer = new(path, declarations, metadata);
        foreach ((string name, Tensor tensor) in tensors)
        {
            WithBuffer(tensor, buffer =>
            {
                backend.Download(tensor, buffer);
                writer.Write<float>(name, buffer);
            });
        }
        writer.Complete();
    }

    /// <summary>Fills all tensors; the file must hold each with this shape, and nothing else.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, has another shape, or is not one of the network's.</exception>
    public static void Read(Backend backend, string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        using SafetensorsReader reader = new(path);
        foreach ((string name, Tensor tensor) in tensors)
        {
            SafetensorsTensor found = reader.Find(name)
                ?? throw new CheckpointException(path, $"there is no tensor '{name}'; the file belongs to another network.");
            if (!found.Shape.SequenceEqual(Dimensions(tensor.Shape)))
            {
                string shape = string.Join(", ", found.Shape.ToArray());
                throw new CheckpointException(
                    path, $"the tensor '{name}' has the shape [{shape}], but this network needs {tensor.Shape}; the file belongs to another network.");
            }
        }
        if (reader.Tensors.Count != tensors.Count)
        {
            string extra = reader.Tensors.First(t => tensors.All(own => own.Name != t.Name)).Name;
            throw new CheckpointException(path, $"the tensor '{extra}' is not part of this network; the file belongs to another one.");
        }
        foreach ((string name, Tensor tensor) in tensors)
        {
            WithBuffer(tensor, buffer =>
            {
                reader.Read(name, buffer);
                backend.Upload<float>(buffer, tensor);
            });
        }
    }

    /// <summary>The extents, as the file states them.</summary>
    public static long[] Dimensions(Shape shape) => [.. Enumerable.Range(0, shape.Rank).Select(i => (long)shape[i])];

    private static void WithBuffer(Tensor tensor, SpanAction action)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent((int)tensor.Count);
        action(buffer.AsSpan(0, (int)tensor.Count));
        ArrayPool<float>.Shared.Return(buffer);
    }

    private delegate void SpanAction(Span<float> buffer);
}
