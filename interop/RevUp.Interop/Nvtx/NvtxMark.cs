namespace RevUp.Interop.Nvtx;

/// <summary>Kind of number that a moment has: a category of the domain, as revup_nvtx.h.</summary>
internal enum NvtxMark
{
    /// <summary>Branch evaluations k of an inversion.</summary>
    Evaluations = 1,

    /// <summary>Residual of an inversion.</summary>
    Residual = 2,
}
