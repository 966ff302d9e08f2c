namespace RevUp.MLNet;

/// <summary>The columns that a network reads and adds.</summary>
internal sealed record AnswerColumns(string Image, string PredictedLabel, string Score)
{
    public AnswerColumns(ReversibleNetworkOptions options)
        : this(options.ImageColumnName, options.PredictedLabelColumnName, options.ScoreColumnName)
    {
    }
}
