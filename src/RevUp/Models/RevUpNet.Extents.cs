using RevUp.Backends;
using RevUp.Tensors;

namespace RevUp.Models;

/// <summary>One set of weights at any extents.</summary>
public sealed partial class RevUpNet
{
    private readonly RevUpNet? _owner;
    private readonly List<RevUpNet> _views = [];

    /// <summary>
    /// The network at other extents, for inference: a view of the same weights, which sees what
    /// training changes. It costs the factors of its branches and, where
    /// <see cref="KeepsPackedWeights"/> is set, packed weights of its own.
    /// </summary>
    /// <param name="sample">
    /// Shape of one sample, [1, (D), H, W, C]; C and the number of axes are the network's.
    /// </param>
    /// <returns>
    /// The view, which the caller disposes, or the network with its own disposal.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The shape has another rank or other channels.
    /// </exception>
    /// <exception cref="ConfigurationException">
    /// The task is not <see cref="ModelTask.Segmentation"/>, or the extents are no multiples of
    /// what the transitions divide them by.
    /// </exception>
    /// <exception cref="ArenaExhaustedException">No memory; nothing stays allocated.</exception>
    /// <exception cref="ObjectDisposedException">The network was disposed.</exception>
    public RevUpNet At(Shape sample)
    {
        using Driving driving = Drive();
        ConfigurationException.Require(
            Settings.Task == ModelTask.Segmentation,
            $"model.task is 'classification', whose weights belong to samples {Sample}; build a network for {sample}");
        if (sample.Rank != Sample.Rank || sample.Channels != Sample.Channels)
        {
            throw new ArgumentException(
                $"A sample {sample} has other axes or channels than the network's {Sample}.", nameof(sample));
        }
        RevUpNet owner = _owner ?? this;
        RevUpNet view = new(
            Backend, Settings, sample, Classes, seed: 0, _branches, Trained, owner, Parameters.Trains)
        {
            KeepsPackedWeights = KeepsPackedWeights,
        };
        owner._views.Add(view);
        return view;
    }

    private void RequireTrainable()
    {
        if (_owner is not null)
        {
            throw new InvalidOperationException(
                $"The network at {Sample} is a view for inference; train the network that it was made of, with "
                + $"samples {_owner.Sample}.");
        }
        if (!Parameters.Trains)
        {
            throw new InvalidOperationException(
                "The network was loaded for predictions, without gradients; build it with its constructor to train.");
        }
    }
}
