namespace RevUp.Distributed;

/// <summary>Another rank did not come within the deadline; the run cannot go on.</summary>
internal sealed class RankLostException(string message) : RevUpException(message);
