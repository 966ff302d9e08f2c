using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>A oneDNN convolution of one geometry.</summary>
internal sealed unsafe class CpuConvolution : ConvolutionPlan, IDisposable
{
    private readonly Arena _memory;
    private readonly ConvolutionHandle _handle;

    public CpuConvolution(ConvolutionGeometry geometry, Arena memory)
        : base(geometry)
    {
        _memory = memory;
        int rank = geometry.Input.SpatialRank;
        CpuConvolutionGeometry native = new()
        {
            Rank = rank,
            Type = (CpuType)geometry.Type,
            Batch = geometry.Input.Batch,
            InChannels = geometry.Input.Channels,
            OutChannels = geometry.OutputChannels,
            Groups = geometry.Groups,
            Use = geometry.IsForwardAlone ? CpuConvolutionUse.Inference : CpuConvolutionUse.Training,
        };
        for (int axis = 0; axis < rank; axis++)
        {
            native.Input[axis] = geometry.Input.Extent(axis);
            native.Kernel[axis] = geometry.Kernel[axis];
            native.Stride[axis] = geometry.Stride[axis];
            native.Padding[axis] = geometry.Padding[axis];
        }
        _handle = ConvolutionHandle.Create(native);
        Sizes = _handle.Query();
    }

    /// <summary>Bytes of packed weights, and scratch of each pass.</summary>
    public CpuConvolutionSizes Sizes { get; }

    public override long PackedBytes => Sizes.PackedBytes;

    public override void Pack(Tensor weights, Tensor scale, Tensor packed)
    {
        Tensor scratch = Scratch(Sizes.PackScratchBytes);
        CpuLibrary.ConvolutionPack(
            _handle, (float*)weights.Address, (float*)scale.Address, (void*)packed.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        Tensor scratch = Scratch(Sizes.FpropScratchBytes);
        CpuLibrary.ConvolutionFprop(
            _handle, (void*)x.Address, (void*)packed.Address, (void*)y.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        Tensor scratch = Scratch(Sizes.DgradScratchBytes);
        CpuLibrary.ConvolutionDgrad(
            _handle, (void*)dy.Address, (void*)packed.Address, (void*)dx.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        Tensor scratch = Scratch(Sizes.WgradScratchBytes);
        CpuLibrary.ConvolutionWgrad(
            _handle, (void*)x.Address, (void*)dy.Address, (float*)dw.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    /// <summary>Takes scratch and gives it back: a pass as the arena sees it.</summary>
    public void Touch(long scratchBytes) => Release(Scratch(scratchBytes));

    public void Dispose() => _handle.Dispose();

    private Tensor Scratch(long bytes) =>
        bytes == 0 ? default : _memory.AllocateBytes(bytes, MemoryPurpose.Workspace);

    private void Release(Tensor scratch)
    {
        if (!scratch.IsEmpty)
        {
            _memory.Free(scratch);
        }
    }
}
