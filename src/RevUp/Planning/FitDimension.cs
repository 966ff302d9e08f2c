namespace RevUp.Planning;

/// <summary>A quantity of a training that grows with the memory.</summary>
internal enum FitDimension
{
    /// <summary>Edge of a cubic volume, in voxels.</summary>
    Cube,

    /// <summary>Edge of a square image, in pixels.</summary>
    Image,

    /// <summary>Samples of a batch.</summary>
    Batch,

    /// <summary>Residual blocks of the network.</summary>
    Depth,
}
