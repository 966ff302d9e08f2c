using RevUp.Backends;
using RevUp.Layers;
using RevUp.Tensors;

namespace RevUp.Reversible;

/// <summary>
/// A residual stream, kept as a few bits per element and block, in a closed loop. The forward pass
/// carries d, the stream as the backward pass will decode it. After y = x + F(x) it keeps the code
/// Q(y − d) and adds Q(y − d) to d. So d differs from y by the error of this code alone: the errors
/// of earlier blocks do not add up. The backward pass subtracts the same numbers and finds the same
/// d, bit for bit (<see cref="Backend.QuantizeResidual"/>).
/// </summary>
/// <remarks>
/// Backward, each block costs one evaluation, as with a kept input. No error is multiplied by a
/// Jacobian, so F needs no bound. Memory: d, and the codes. A code takes
/// <see cref="MemoryPlan.CompressBits"/> bits for each element, and two bytes per sample and
/// channel. Owns its tensors.
/// </remarks>
/// <param name="backend">The device.</param>
/// <param name="layers">Layers of the network.</param>
internal sealed class CompressedStream(Backend backend, int layers)
{
    private readonly Code[] _codes = new Code[layers];
    private Tensor _decoded;

    /// <summary>Whether a stream has begun and was not taken.</summary>
    public bool IsLive => !_decoded.IsEmpty;

    /// <summary>Whether the input of a layer is to be had from its codes.</summary>
    public bool Has(int layer) => !_codes[layer].Values.IsEmpty;

    /// <summary>Begins a stream with the activation x, which stays as it is.</summary>
    public void Begin(Tensor x)
    {
        _decoded = backend.Memory.Allocate(x.Shape, ElementType.Float32, MemoryPurpose.Activations);
        backend.QuantizeBegin(x, _decoded);
    }

    /// <summary>
    /// The forward pass of a block in the memory of x, which is returned as y; begins a stream when
    /// none is live.
    /// </summary>
    public Tensor Forward(int layer, Block block, Tensor x, int bits)
    {
        Arena memory = backend.Memory;
        if (!IsLive)
        {
            Begin(x);
        }
        Code code = new(
            bits,
            memory.AllocateBytes(
                x.Count / x.Shape.Channels * (((long)x.Shape.Channels * bits + 7) / 8), MemoryPurpose.Activations),
            memory.Allocate(
                new Shape(x.Shape.Batch, x.Shape.Channels), ElementType.BFloat16, MemoryPurpose.Activations));
        _codes[layer] = code;
        block.Compress(x, _decoded, code);
        return x;
    }

    /// <summary>
    /// Lets a layer that only moves elements, or adds zeros, do the same to what is decoded.
    /// </summary>
    public void Follow(Layer layer)
    {
        SavedTensors none = default;
        _decoded = layer.Forward(_decoded, ForwardMode.Consume, ref none);
    }

    /// <summary>Ends the stream: what is decoded of it becomes the caller's.</summary>
    public Tensor Take()
    {
        Tensor decoded = _decoded;
        _decoded = default;
        return decoded;
    }

    /// <summary>
    /// Decodes the input of a layer into the memory of its decoded output, and frees the layer's
    /// codes.
    /// </summary>
    public Tensor Retrace(int layer, Tensor decoded)
    {
        (int bits, Tensor values, Tensor steps) = _codes[layer];
        backend.QuantizeRetrace(bits, values, steps, decoded);
        backend.Memory.Free(values);
        backend.Memory.Free(steps);
        _codes[layer] = default;
        return decoded;
    }

    /// <summary>Frees a stream that nobody takes, and its codes.</summary>
    public void Free(Arena memory)
    {
        memory.TryFree(_decoded);
        foreach (Code code in _codes)
        {
            memory.TryFree(code.Values);
            memory.TryFree(code.Steps);
        }
        Forget();
    }

    /// <summary>
    /// Forgets a step that failed half-way, whose tensors are for others to free.
    /// </summary>
    public void Forget()
    {
        _decoded = default;
        Array.Clear(_codes);
    }
}
