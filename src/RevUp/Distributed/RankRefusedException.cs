namespace RevUp.Distributed;

/// <summary>The first rank failed at work for all; the message is its message.</summary>
internal sealed class RankRefusedException(string message) : RevUpException(message);
