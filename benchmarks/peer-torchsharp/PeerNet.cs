using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// RevUp's network as a user of TorchSharp writes it: stem, three stages of blocks with strided
/// transitions, classifier.
/// </summary>
internal sealed class PeerNet : Module<Tensor, Tensor>
{
    private static readonly long[] Widths = [64, 128, 256];

    private readonly Parameter _stem;
    private readonly ModuleList<Module<Tensor, Tensor>> _layers = [];
    private readonly PeerPreactivation _last = new();
    private readonly Linear _head;

    public PeerNet(int blocksPerStage, long classes)
        : base(nameof(PeerNet))
    {
        _stem = Layout.Convolution(3, Widths[0], Math.Sqrt(1.0 / 27));
        for (int stage = 0; stage < Widths.Length; stage++)
        {
            if (stage > 0)
            {
                _layers.Add(
                    new PeerConvolution(
                        Widths[stage - 1], Widths[stage], Math.Sqrt(2.0 / (9 * Widths[stage - 1])), stride: 2));
            }
            for (int block = 0; block < blocksPerStage; block++)
            {
                _layers.Add(new PeerBlock(Widths[stage], branches: Widths.Length * blocksPerStage));
            }
        }
        _head = Linear(Widths[^1], classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Layout.Convolve(input, _stem, stride: 1);
        foreach (Module<Tensor, Tensor> layer in _layers)
        {
            x = Layout.Replace(x, layer.forward(x));
        }
        return _head.forward(_last.forward(x).mean([2, 3])).MoveToOuterDisposeScope();
    }
}
