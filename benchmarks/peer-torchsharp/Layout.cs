using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>
/// Channels-last tensors, the layout in which libtorch's convolutions are fastest on a CPU, and
/// what blocks and network share.
/// </summary>
internal static class Layout
{
    private static readonly long[] One = [1, 1];

    /// <summary>
    /// The same N × C × H × W tensor with C innermost in memory. The argument is disposed.
    /// </summary>
    public static Tensor ChannelsLast(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor result = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).MoveToOuterDisposeScope();
        x.Dispose();
        return result;
    }

    /// <summary>A 3×3 convolution's weights, normal with this deviation.</summary>
    public static Parameter Convolution(long inputs, long outputs, double deviation) =>
        new(ChannelsLast(randn(outputs, inputs, 3, 3) * deviation));

    /// <summary>A trainable number.</summary>
    public static Parameter Scalar(float value) => new(full(1, value));

    /// <summary>3×3, padded by 1.</summary>
    public static Tensor Convolve(Tensor x, Tensor weight, long stride) =>
        nn.functional.conv2d(x, weight, null, [stride, stride], One, One);

    /// <summary>
    /// Disposes the one and returns the other: autograd keeps what the backward pass needs by
    /// references of its own.
    /// </summary>
    public static Tensor Replace(Tensor old, Tensor next)
    {
        old.Dispose();
        return next;
    }
}
