using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Layers before the first one that is trained.</summary>
internal sealed partial class ReversibleEngine
{
    // Nothing is kept but the network's input, from which a refused inversion is computed again.
    private Tensor ForwardFrozen(int index, Tensor x)
    {
        if (index == 0)
        {
            _kept[0] = x;
        }
        ForwardMode mode = index == 0 ? ForwardMode.Keep : ForwardMode.Consume;
        return Forward(index, x, mode, ref _saved[index], ReaderOfOutput(index));
    }

    // A block that is recomputed in every step would take all frozen layers with it.
    private bool KeepsForRecomputation(int index)
    {
        for (int i = index; index == _frozen && i < _layers.Count; i++)
        {
            if (_layers[i] is Block { IsRecomputed: true })
            {
                return true;
            }
            if (!_layers[i].IsInvertible)
            {
                return false;
            }
        }
        return false;
    }

    // x is the input of the first trained layer, if it is there.
    private void EndFrozen(ref Tensor x)
    {
        FreeIfAny(ref x);
        _kept[0] = default;
        for (int i = 0; i < _frozen; i++)
        {
            // The decoder has brought back a connection's tensor, and a gradient that nobody takes.
            SkipAt(i)?.Free(Backend.Memory);
        }
    }
}
