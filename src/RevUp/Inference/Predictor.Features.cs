using RevUp.Data;
using RevUp.Tensors;

namespace RevUp.Inference;

/// <summary>Embeddings.</summary>
public sealed partial class Predictor
{
    /// <summary>Number of features of one sample: channels before the head.</summary>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public int FeatureCount => _model.Invoke(loaded => loaded.FeatureCount);

    /// <summary>
    /// Features of one image, or of several one after the other: the input of the head's linear
    /// map, the mean over positions of the last pre-activation. Logits are W · features + bias.
    /// </summary>
    /// <param name="images">
    /// count·(D)·H·W·C bytes, as of <see cref="Predict(ReadOnlySpan{byte}, int)"/>.
    /// </param>
    /// <param name="count">Number of images.</param>
    /// <returns>[count · <see cref="FeatureCount"/>].</returns>
    /// <exception cref="ArgumentException">
    /// The bytes are not this number of whole images, or the network takes floats.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">
    /// No memory for this number of images; fewer still work.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The predictor was disposed.</exception>
    public float[] Features(ReadOnlySpan<byte> images, int count = 1)
    {
        RequireKind(SampleKind.Bytes);
        RequireWhole(images.Length, count, "bytes");
        byte[] bytes = images.ToArray();
        return _model.Invoke(loaded => loaded.Features(new BatchPixels(bytes, default, _normalization)));
    }

    /// <summary>The same of samples that are numbers.</summary>
    /// <inheritdoc cref="Features(ReadOnlySpan{byte}, int)"/>
    /// <param name="samples">
    /// count·(D)·H·W·C numbers, as of <see cref="Predict(ReadOnlySpan{float}, int)"/>.
    /// </param>
    /// <param name="count">Number of samples.</param>
    public float[] Features(ReadOnlySpan<float> samples, int count = 1)
    {
        RequireKind(SampleKind.Floats);
        RequireWhole(samples.Length, count, "numbers");
        float[] pixels = new float[samples.Length];
        Normalize(samples, pixels);
        return _model.Invoke(loaded => loaded.Features(new BatchPixels(pixels)));
    }
}
