namespace RevUp.Operations.Reading;

/// <summary>
/// A native source lacks what the generator needs; the message names place and remedy.
/// </summary>
public sealed class UnreadableException(string message) : Exception(message);
