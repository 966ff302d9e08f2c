namespace RevUp.Layers;

/// <summary>
/// A neighbouring layer that reads what a layer has just computed: the layer writes it in the form
/// that the neighbour's convolutions want as well, while it is in registers. Default where there is
/// none.
/// </summary>
/// <param name="reader">
/// The neighbour's pre-activation (<see cref="Layer.FusedInput"/>).
/// </param>
/// <param name="saved">Where the neighbour finds what was written for it.</param>
internal readonly ref struct Neighbour(Preactivation reader, ref SavedTensors saved)
{
    private readonly ref SavedTensors _saved = ref saved;

    /// <summary>The pre-activation; null where there is no neighbour.</summary>
    public Preactivation? Reader { get; } = reader;

    /// <summary>Its saved tensors; only with a neighbour.</summary>
    public ref SavedTensors Saved => ref _saved;
}
