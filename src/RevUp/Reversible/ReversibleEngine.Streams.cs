using RevUp.Interop.Nvtx;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>Ways of a block's input into a compressed stream and out of it.</summary>
internal sealed partial class ReversibleEngine
{
    private Tensor Compress(int index, Tensor x)
    {
        using NvtxRange range = Backend.Range(_layers[index].RangeName);
        x = _stream.Forward(index, (Block)_layers[index], x, Plan.CompressBits);
        _layers[index].ReleaseWeights();
        return x;
    }

    // A layer behind coded blocks that is none itself. The backward pass has to go on from what is
    // decoded, bit for bit, so that is what such a layer keeps for its input; one that only moves
    // elements keeps nothing and hands on both. The transitions of a U-Net, which add what they
    // keep to a stream and subtract it again, keep the exact tensor: the inputs before it are then
    // off by the error of one more code.
    private Tensor LeaveStream(int index, Tensor x, MemoryPolicy policy)
    {
        if (_layers[index].OnlyMoves)
        {
            _stream.Follow(_layers[index]);
            return Forward(index, x, policy);
        }
        if (_layers[index] is TransposedTransition || SkipAt(index) is not null)
        {
            Backend.Memory.Free(_stream.Take());
            return Forward(index, x, policy);
        }
        _kept[index] = _stream.Take();
        // The head saves nothing, and in slabs it would compute its logits again, from what is
        // decoded.
        bool stores = policy == MemoryPolicy.Store && _layers[index] is not VoxelHead;
        Tensor y = Forward(index, x, stores ? ForwardMode.Store : ForwardMode.Consume, ref _saved[index]);
        if (stores)
        {
            Backend.Memory.Free(x);
        }
        return y;
    }
}
