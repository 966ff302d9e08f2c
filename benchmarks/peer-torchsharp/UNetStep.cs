using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharpPeer;

/// <summary>
/// A training step of <see cref="PeerUNet"/> on one cube, cross-entropy of every voxel, by plain
/// autograd or with the input of every layer kept and the layer computed again.
/// </summary>
internal sealed class UNetStep : IPeerStep
{
    private const int Classes = 4;
    private const int SmallEdge = 32;

    private readonly PeerUNet _net;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _volume;
    private readonly Tensor _labels;
    private readonly bool _recomputes;

    public UNetStep(int edge, bool isNormalized, bool recomputes)
    {
        _net = new PeerUNet(Classes, isNormalized);
        _optimizer = optim.SGD(_net.parameters(), learningRate: 1e-3, momentum: 0.9, weight_decay: 5e-4);
        _recomputes = recomputes;
        // The momentum is there before the step that is measured, as in the middle of a training.
        (_volume, _labels) = Draw(SmallEdge);
        Run();
        _volume.Dispose();
        _labels.Dispose();
        (_volume, _labels) = Draw(edge);
    }

    /// <summary>Trainable numbers.</summary>
    public long Parameters => _net.parameters().Sum(parameter => parameter.numel());

    /// <summary>One update.</summary>
    /// <returns>The loss.</returns>
    public float Run()
    {
        using DisposeScope scope = NewDisposeScope();
        _optimizer.zero_grad();
        float loss = _recomputes ? Recompute() : Store();
        _optimizer.step();
        return loss;
    }

    public void Dispose()
    {
        _volume.Dispose();
        _labels.Dispose();
        _optimizer.Dispose();
        _net.Dispose();
    }

    private static (Tensor Volume, Tensor Labels) Draw(int edge) =>
        (randn([1, 1, edge, edge, edge]), randint(0, Classes, [1, edge, edge, edge], dtype: ScalarType.Int64));

    private float Store()
    {
        Tensor logits = _net.forward(_volume);
        using Tensor loss = Layout.Replace(logits, functional.cross_entropy(logits, _labels));
        loss.backward();
        return loss.ToSingle();
    }

    // Activation checkpointing, as torch.utils.checkpoint does it for every layer.
    private float Recompute()
    {
        Stack<Tensor> inputs = Inputs();
        Stack<Tensor> skips = [];
        float value;
        Tensor gradient;
        using (Tensor x = inputs.Pop())
        {
            x.requires_grad_();
            Tensor logits = _net.Head.forward(x);
            using Tensor loss = Layout.Replace(logits, functional.cross_entropy(logits, _labels));
            loss.backward();
            value = loss.ToSingle();
            gradient = x.grad!;
        }
        foreach (Module<Tensor, Tensor> layer in _net.Layers.Reverse())
        {
            using Tensor x = inputs.Pop();
            x.requires_grad_(inputs.Count > 0);
            Tensor y = layer.forward(x);
            if (PeerUNet.Joins(layer))
            {
                skips.Push(gradient.alias());
            }
            y.backward([gradient]);
            y.Dispose();
            gradient.Dispose();
            if (inputs.Count > 0)
            {
                gradient = x.grad!;
            }
            if (PeerUNet.Saves(layer))
            {
                using Tensor skip = skips.Pop();
                gradient.add_(skip);
            }
        }
        return value;
    }

    // The input of every layer and of the head, the head's on top.
    private Stack<Tensor> Inputs()
    {
        using IDisposable free = no_grad();
        Stack<Tensor> inputs = new([_volume.detach()]);
        Stack<Tensor> skips = [];
        foreach (Module<Tensor, Tensor> layer in _net.Layers)
        {
            Tensor x = inputs.Peek(), y = layer.forward(x);
            if (PeerUNet.Saves(layer))
            {
                skips.Push(x);
            }
            if (PeerUNet.Joins(layer))
            {
                y.add_(skips.Pop());
            }
            inputs.Push(y);
        }
        return inputs;
    }
}
