using RevUp.Data;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Features in place of classes.</summary>
public sealed partial class RevUpNet
{
    /// <summary>
    /// Inputs of the linear map of a classifier's head: the mean over positions of the last
    /// pre-activation, [N · C].
    /// </summary>
    internal float[] Features(BatchPixels pixels)
    {
        using Driving driving = Drive();
        Tensor features = Infer(pixels, features: true);
        float[] values = new float[features.Count];
        Backend.Download<float>(features, values);
        Backend.Memory.Free(features);
        return values;
    }
}
