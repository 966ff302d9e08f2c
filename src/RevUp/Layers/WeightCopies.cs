using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Layers;

/// <summary>
/// Copies of all weights that convolutions do not take as they are, made together where the device
/// gathers small operations: scaled, and rounded to a convolution's type. Elsewhere each
/// convolution packs its own weights when it needs them.
/// </summary>
/// <remarks>
/// The copies stay until the store is disposed. They take the bytes of the network's weights in
/// their type.
/// </remarks>
internal sealed class WeightCopies(Backend backend) : DeviceObject(backend)
{
    private readonly List<Convolution> _convolutions = [];
    private OperandTable<WeightCopy>? _table;

    /// <summary>Declares a convolution, before the first <see cref="Make"/>.</summary>
    public void Add(Convolution convolution) => _convolutions.Add(convolution);

    /// <summary>
    /// Makes the copies from the weights as they are, with the scales that the convolutions are
    /// prepared with.
    /// </summary>
    /// <exception cref="ArenaExhaustedException">No memory for the copies.</exception>
    public void Make()
    {
        if (!Backend.Gathers)
        {
            return;
        }
        _table ??= Own(new OperandTable<WeightCopy>(Backend, [.. _convolutions.Where(IsCopied).Select(Copy)]));
        if (_table.Count > 0)
        {
            Backend.CopyWeights(_table);
        }
    }

    private static bool IsCopied(Convolution convolution) =>
        convolution.Sample.Type != ElementType.Float32 || !convolution.Scale.IsEmpty;

    private WeightCopy Copy(Convolution convolution)
    {
        Parameter weight = convolution.Weight;
        Tensor copy = Own(weight.Shape, convolution.Sample.Type, MemoryPurpose.Workspace);
        convolution.TakeCopy(copy);
        return new WeightCopy(weight.Value, convolution.Scale, copy);
    }
}
