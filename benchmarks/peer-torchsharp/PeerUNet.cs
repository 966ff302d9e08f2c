using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// The U-Net of benchmarks/results/fit.json as a user of TorchSharp writes it: one block a side and
/// level, strided convolutions down, transposed ones up, additive skips. N × C × D × H × W.
/// </summary>
internal sealed class PeerUNet : Module<Tensor, Tensor>
{
    private static readonly long[] Widths = [32, 64, 128, 256, 320, 320];

    private readonly ModuleList<Module<Tensor, Tensor>> _layers = [];

    public PeerUNet(long classes, bool isNormalized)
        : base(nameof(PeerUNet))
    {
        _layers.Add(Conv3d(1, Widths[0], 3, padding: 1, bias: false));
        for (int level = 0; level < Widths.Length; level++)
        {
            if (level > 0)
            {
                _layers.Add(new VolumeConvolution(
                    Widths[level - 1], Widths[level], kernel: 3, stride: 2, isNormalized));
            }
            _layers.Add(new VolumeBlock(Widths[level], isNormalized));
        }
        for (int level = Widths.Length - 2; level >= 0; level--)
        {
            _layers.Add(ConvTranspose3d(Widths[level + 1], Widths[level], 2, stride: 2, bias: false));
            _layers.Add(new VolumeBlock(Widths[level], isNormalized));
        }
        Head = new VolumeConvolution(Widths[0], classes, kernel: 1, stride: 1, isNormalized, hasBias: true);
        RegisterComponents();
    }

    /// <summary>From the finest decoder's output to logits.</summary>
    public Module<Tensor, Tensor> Head { get; }

    /// <summary>The layers between input and head, first to last.</summary>
    public IList<Module<Tensor, Tensor>> Layers => _layers;

    /// <summary>Whether a skip connection begins at the layer's input.</summary>
    public static bool Saves(Module<Tensor, Tensor> layer) => layer is VolumeConvolution;

    /// <summary>Whether the last open skip connection is added to the layer's output.</summary>
    public static bool Joins(Module<Tensor, Tensor> layer) => layer is ConvTranspose3d;

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Stack<Tensor> skips = [];
        Tensor x = input.alias();
        foreach (Module<Tensor, Tensor> layer in _layers)
        {
            Tensor y = layer.forward(x);
            if (Saves(layer))
            {
                skips.Push(x);
            }
            else
            {
                x.Dispose();
            }
            if (Joins(layer))
            {
                // In place: autograd needs neither term of a sum.
                using Tensor skip = skips.Pop();
                y.add_(skip);
            }
            x = y;
        }
        return Head.forward(x).MoveToOuterDisposeScope();
    }
}
