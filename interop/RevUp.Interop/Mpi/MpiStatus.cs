namespace RevUp.Interop.Mpi;

/// <summary>Result of every call; other values are classes of errors of the library.</summary>
internal enum MpiStatus
{
    Success = 0,
}
