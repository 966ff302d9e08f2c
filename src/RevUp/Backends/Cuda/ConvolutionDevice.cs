using RevUp.Interop.Cudnn;
using RevUp.Tensors;

namespace RevUp.Backends.Cuda;

/// <summary>Parts of a backend that its convolutions share.</summary>
/// <param name="Queue">The device and the stream of the work.</param>
/// <param name="Memory">Where workspaces come from.</param>
/// <param name="Kernels">Our kernels.</param>
/// <param name="Launcher">Issues them.</param>
/// <param name="Staging">Brings results to the host.</param>
/// <param name="Counter">Counts the blocks of a launch that sums; zero between launches.</param>
/// <param name="Cudnn">Null where cuDNN is left out.</param>
/// <param name="Options">How algorithms are chosen.</param>
internal sealed record ConvolutionDevice(
    DeviceQueue Queue, Arena Memory, KernelTable Kernels, KernelLauncher Launcher, CudaStaging Staging,
    Tensor Counter, CudnnHandle? Cudnn, ConvolutionOptions Options)
{
    private const int ShareOfMemory = 4;

    private ConvolutionChoices? _choices;

    /// <summary>The most bytes of workspace that an algorithm may take.</summary>
    public long WorkspaceLimit => Math.Min(Options.WorkspaceLimit, Memory.Capacity / ShareOfMemory);

    /// <summary>Choices of earlier runs; read on first use.</summary>
    public ConvolutionChoices Choices => _choices ??= new ConvolutionChoices(
        Options.Folder, $"{Queue.Driver.Device.Name} CUDA {Queue.Driver.DriverVersion} cuDNN {CudnnLibrary.Version}",
        Options.Say);
}
