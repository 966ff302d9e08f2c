namespace RevUp.Tensors;

/// <summary>The arena cannot serve a request; the message holds the memory table.</summary>
public sealed class ArenaExhaustedException(string message) : RevUpException(message);
