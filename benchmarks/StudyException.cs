namespace RevUp.Benchmarks;

/// <summary>A study cannot go on; the message says what failed and what to do.</summary>
internal sealed class StudyException(string message) : Exception(message);
