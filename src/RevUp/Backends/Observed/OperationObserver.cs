using RevUp.Tensors;

namespace RevUp.Backends.Observed;

/// <summary>
/// Hears of each operation of an <see cref="ObservedBackend"/>: once before it is issued, and by
/// <see cref="End"/> once it was. Operations do not nest.
/// </summary>
internal abstract class OperationObserver
{
    /// <summary>An operation that is bound by memory.</summary>
    /// <param name="name">Its base name, in words.</param>
    /// <param name="operands">
    /// Tensors that it reads or writes, with one that is updated twice; empty ones move nothing.
    /// </param>
    /// <param name="products">Floating-point operations of matrix products in it.</param>
    public abstract void Begin(string name, ReadOnlySpan<Tensor> operands, double products = 0);

    /// <summary>A pass of a convolution.</summary>
    /// <param name="pass">
    /// "fprop", "dgrad" or "wgrad"; with a comma and the operation behind it where they are fused.
    /// </param>
    /// <param name="geometry">Its shapes.</param>
    /// <param name="operands">
    /// Input, output and weights, and what the operation behind a fused pass reads and writes.
    /// </param>
    /// <param name="products">
    /// Floating-point operations, a multiplication and an addition being two; padding counts.
    /// </param>
    public abstract void BeginPass(
        string pass, ConvolutionGeometry geometry, ReadOnlySpan<Tensor> operands, double products);

    /// <summary>A copy between the host and the device.</summary>
    /// <param name="name">Direction of the copy, in words.</param>
    /// <param name="bytes">Its size.</param>
    public abstract void BeginCopy(string name, long bytes);

    /// <summary>The operation was issued; on a synchronous device it is done.</summary>
    public abstract void End();

    /// <summary>The bytes of operands, each moved once.</summary>
    protected static long Bytes(ReadOnlySpan<Tensor> operands)
    {
        long bytes = 0;
        foreach (Tensor operand in operands)
        {
            bytes += operand.IsEmpty ? 0 : operand.Bytes;
        }
        return bytes;
    }
}
