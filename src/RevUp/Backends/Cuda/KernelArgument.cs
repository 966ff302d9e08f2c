using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>
/// One argument of a kernel in the 8-byte slot that the launch passes: a pointer, a whole number, a
/// double, or a float in the low bytes.
/// </summary>
internal readonly record struct KernelArgument(ulong Bits)
{
    /// <summary>A tensor's device address; null for an empty one.</summary>
    public static implicit operator KernelArgument(Tensor tensor) => new((ulong)tensor.Address);

    public static implicit operator KernelArgument(long value) => new((ulong)value);

    public static implicit operator KernelArgument(ulong value) => new(value);

    public static implicit operator KernelArgument(float value) => new(BitConverter.SingleToUInt32Bits(value));

    public static implicit operator KernelArgument(double value) => new(BitConverter.DoubleToUInt64Bits(value));
}
