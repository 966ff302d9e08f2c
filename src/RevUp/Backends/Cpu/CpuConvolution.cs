using RevUp.Interop.Cpu;
using RevUp.Tensors;

namespace RevUp.Backends.Cpu;

/// <summary>A oneDNN convolution of one geometry.</summary>
internal sealed unsafe class CpuConvolution : ConvolutionPlan, IDisposable
{
    private readonly Arena _memory;
    private readonly ConvolutionHandle _handle;
    private readonly CpuConvolutionSizes _sizes;

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
        _sizes = _handle.Query();
    }

    public override long PackedBytes => _sizes.PackedBytes;

    public override void Pack(Tensor weights, Tensor scale, Tensor packed)
    {
        Tensor scratch = Scratch(_sizes.PackScratchBytes);
        CpuLibrary.ConvolutionPack(
            _handle, (float*)weights.Address, (float*)scale.Address, (void*)packed.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    public override void Forward(Tensor x, Tensor packed, Tensor y)
    {
        Tensor scratch = Scratch(_sizes.FpropScratchBytes);
        CpuLibrary.ConvolutionFprop(
            _handle, (void*)x.Address, (void*)packed.Address, (void*)y.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    public override void BackwardData(Tensor dy, Tensor packed, Tensor dx)
    {
        Tensor scratch = Scratch(_sizes.DgradScratchBytes);
        CpuLibrary.ConvolutionDgrad(
            _handle, (void*)dy.Address, (void*)packed.Address, (void*)dx.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

    public override void BackwardWeights(Tensor x, Tensor dy, Tensor dw)
    {
        Tensor scratch = Scratch(_sizes.WgradScratchBytes);
        CpuLibrary.ConvolutionWgrad(
            _handle, (void*)x.Address, (void*)dy.Address, (float*)dw.Address, (void*)scratch.Address)
            .Check();
        Release(scratch);
    }

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
