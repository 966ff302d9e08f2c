using TorchSharp;
using static TorchSharp.torch;

namespace TorchSharpPeer;

/// <summary>A training step of <see cref="PeerNet"/> on images of 32×32 in ten classes.</summary>
internal sealed class ClassifierStep : IPeerStep
{
    private const int Classes = 10;

    private readonly PeerNet _net;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _pixels;
    private readonly Tensor _labels;

    public ClassifierStep(int blocksPerStage, int batch)
    {
        _net = new PeerNet(blocksPerStage, Classes);
        _optimizer = optim.SGD(_net.parameters(), learningRate: 0.01, momentum: 0.9, weight_decay: 5e-4);
        _pixels = Layout.ChannelsLast(randn(batch, 3, 32, 32));
        _labels = randint(0, Classes, [batch], dtype: ScalarType.Int64);
    }

    public long Parameters => _net.parameters().Sum(parameter => parameter.numel());

    public float Run()
    {
        using DisposeScope scope = NewDisposeScope();
        _optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(_net.forward(_pixels), _labels);
        loss.backward();
        _optimizer.step();
        return loss.ToSingle();
    }

    public void Dispose()
    {
        _pixels.Dispose();
        _labels.Dispose();
        _optimizer.Dispose();
        _net.Dispose();
    }
}
