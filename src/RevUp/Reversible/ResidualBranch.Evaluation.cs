using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Evaluation of the branch, convolution by convolution.</summary>
internal sealed partial class ResidualBranch
{
    // The output of convolution count − 1, or what the pre-activation behind it makes of that.
    private (Tensor Z, bool IsActivated) Run(
        Tensor x, int count, ElementType type, Keep keep, bool measure, ref SavedTensors saved)
    {
        Tensor z = x;
        bool isActivated = false;
        for (int j = 0; j < count; j++)
        {
            Tensor p = isActivated ? z : InputOf(j, z, type, keep, measure, ref saved);
            isActivated = IsFused && type == _settings.Type && j < _convolutions.Length - 1
                && _convolutions[j].Fuses(ConvolutionFusion.Activation);
            z = isActivated ? _convolutions[j].ForwardActivated(p, _preactivations[j + 1].Scalars)
                : type == _settings.Type ? _convolutions[j].Forward(p)
                : _convolutions[j].ForwardOnce(p, _control.WeightScale(j));
            Settle(j, p, keep, ref saved);
            if (keep != Keep.Nothing && !IsFused && j < _convolutions.Length - 1)
            {
                saved[j] = z;
            }
        }
        return (z, isActivated);
    }

    // The input of convolution j from the output of the one before.
    private Tensor InputOf(int j, Tensor z, ElementType type, Keep keep, bool measure, ref SavedTensors saved)
    {
        if (j == 0 && !saved.Preactivated.IsEmpty)
        {
            return saved.Preactivated;
        }
        // What is not saved is overwritten: the pre-activation of an inner z has its shape and
        // type.
        bool inPlace = j > 0 && (IsFused || keep == Keep.Nothing);
        Tensor p = inPlace ? z : Memory.Allocate(z.Shape, type, MemoryPurpose.Activations);
        _preactivations[j].Forward(z, measure, p);
        return p;
    }

    // Keeps the input of convolution j, or frees it.
    private void Settle(int j, Tensor p, Keep keep, ref SavedTensors saved)
    {
        bool isKept = IsFused && (keep == Keep.All || keep == (j == 0 ? Keep.First : Keep.Inner));
        if (!isKept)
        {
            Memory.Free(p);
        }
        if (j == 0)
        {
            saved.Preactivated = isKept ? p : default;
        }
        else if (isKept)
        {
            saved[j - 1] = p;
        }
    }

    // Of the intermediates of an evaluation: none, p₀ alone, all but p₀, all.
    private enum Keep
    {
        Nothing,
        First,
        Inner,
        All,
    }
}
