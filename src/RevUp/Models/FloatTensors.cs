using System.Globalization;
using RevUp.Formats;

namespace RevUp.Models;

/// <summary>
/// Tensors of a safetensors file as finite float32, whatever their type in the file.
/// </summary>
internal static class FloatTensors
{
    /// <summary>All elements, row-major.</summary>
    /// <exception cref="CheckpointException">
    /// The tensor has no floating-point numbers, or one of them is not finite as float32.
    /// </exception>
    public static float[] Read(SafetensorsReader reader, string path, string name)
    {
        SafetensorsTensor tensor = reader.Find(name)!;
        float[] values = new float[tensor.ByteCount / SafetensorsTensor.SizeOf(tensor.Type)];
        switch (tensor.Type)
        {
            case SafetensorsType.F32:
                reader.Read<float>(name, values);
                break;
            case SafetensorsType.F64:
                Convert(Elements<double>(), values, value => (float)value);
                break;
            case SafetensorsType.F16:
                Convert(Elements<Half>(), values, value => (float)value);
                break;
            case SafetensorsType.BF16:
                Convert(Elements<ushort>(), values, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
                break;
            default:
                throw new CheckpointException(
                    path,
                    $"the tensor '{name}' holds {tensor.Type}, and weights are F32, F64, F16 or BF16; convert it, or "
                    + "leave it out.");
        }
        int bad = Array.FindIndex(values, value => !float.IsFinite(value));
        return bad < 0 ? values : throw new CheckpointException(
            path,
            string.Create(
                CultureInfo.InvariantCulture,
                $"element {bad} of the tensor '{name}' is {values[bad]} as float32; take weights from before the "
                + $"training diverged."));

        T[] Elements<T>()
            where T : unmanaged
        {
            T[] elements = new T[values.Length];
            reader.Read<T>(name, elements);
            return elements;
        }
    }

    private static void Convert<T>(T[] elements, float[] values, Func<T, float> convert)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = convert(elements[i]);
        }
    }
}
