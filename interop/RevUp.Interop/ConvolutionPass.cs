namespace RevUp.Interop;

/// <summary>One of the three convolutions of a layer.</summary>
internal enum ConvolutionPass
{
    /// <summary>fprop: y of x and w.</summary>
    Forward = 0,

    /// <summary>dgrad: dx of dy and w.</summary>
    BackwardData = 1,

    /// <summary>wgrad: dw of x and dy.</summary>
    BackwardWeights = 2,
}
