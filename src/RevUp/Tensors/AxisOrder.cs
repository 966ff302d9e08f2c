namespace RevUp.Tensors;

/// <summary>Where the channels of a tensor in a file are.</summary>
internal enum AxisOrder
{
    /// <summary>As RevUp computes: activations N(D)HWC, weights of convolutions O(D)HWI.</summary>
    ChannelsLast,

    /// <summary>
    /// As PyTorch and ONNX have them: activations NC(D)HW, weights of convolutions OI(D)HW.
    /// </summary>
    ChannelsFirst,
}
