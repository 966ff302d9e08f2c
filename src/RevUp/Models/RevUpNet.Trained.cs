using RevUp.Layers;
using RevUp.Reversible;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>Layers that are trained, and layers that are frozen.</summary>
public sealed partial class RevUpNet
{
    private bool _lacksNorms; // of frozen blocks, whose weights were drawn here

    /// <summary>Layers that are trained, and their rates.</summary>
    public TrainedLayers Trained { get; }

    /// <summary>Number of frozen layers: the first ones.</summary>
    internal int Frozen { get; private set; }

    // Before the store is built, which lays out what is trained.
    private void Mark(TrainedLayers trained)
    {
        trained.Validate();
        Frozen = trained.FrozenOf(_layers);
        _lacksNorms = Frozen > 0;
        trained.RequireRates(_layers);
        for (int i = 0; i < _layers.Count; i++)
        {
            double rate = trained.RateOf(_layers, i);
            foreach (Parameter parameter in Parameters.Parameters.Where(parameter => parameter.IsOf(_layers[i])))
            {
                (parameter.IsFrozen, parameter.Rate) = (i < Frozen, rate);
            }
            foreach (StateTensor state in Parameters.State.Where(state => i < Frozen && _layers[i].Owns(state.Name)))
            {
                state.IsFrozen = true;
            }
        }
    }

    // Nothing iterates the norms of frozen blocks in training.
    private void EstimateFrozenNorms()
    {
        if (!_lacksNorms || !Backend.Computes)
        {
            return;
        }
        _lacksNorms = false;
        IEnumerable<InvertibleBlock> blocks = _layers.Take(Frozen).OfType<InvertibleBlock>();
        foreach ((SpectralNorm norm, Tensor sigma) in blocks.SelectMany(block => block.Branch.Norms))
        {
            Backend.Upload<float>([(float)norm.Converge(Backend)], sigma);
        }
    }

    private void ProveBranches()
    {
        ResidualBlock[] blocks =
            [.. _layers.Skip(Frozen).OfType<ResidualBlock>().Where(block => block.Branch is OwnBranch)];
        if (blocks.Length == 0)
        {
            return;
        }
        Prepare(BranchProof.Batch, _lipschitz.StartIterations, NetworkUse.Training);
        foreach (ResidualBlock block in blocks)
        {
            BranchProof.Prove((OwnBranch)block.Branch, block.Name, block.Input, Backend, Parameters.Gradients);
        }
        Unprepare();
    }
}
