namespace RevUp.Interop.Mpi;

/// <summary>
/// The constants of one family of MPI libraries. A handle is an int in MPICH's family and the
/// address of an exported object in Open MPI. Declared as nint it is passed in a register either
/// way. A library writes a handle of either kind rightly into an nint that was zero, on a
/// little-endian machine.
/// </summary>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Float">MPI_FLOAT.</param>
/// <param name="Double">MPI_DOUBLE.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="Sum">MPI_SUM.</param>
/// <param name="Maximum">MPI_MAX.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="InPlace">MPI_IN_PLACE.</param>
/// <param name="StatusIgnore">MPI_STATUS_IGNORE.</param>
internal sealed record MpiAbi(
    nint World, nint Float, nint Double, nint Byte, nint Sum, nint Maximum, nint ErrorsReturn, nint InPlace,
    nint StatusIgnore)
{
    // mpi.h of MPICH, Intel MPI, Cray's MPI and MVAPICH.
    private static readonly MpiAbi s_mpich = new(
        0x44000000, 0x4c00040a, 0x4c00080b, 0x4c00010d, 0x58000003, 0x58000001, 0x54000001, InPlace: -1,
        StatusIgnore: 1);

    /// <summary>The constants of a loaded library, told by what it exports.</summary>
    public static MpiAbi Of(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world))
        {
            return s_mpich;
        }
        return new MpiAbi(
            world, Export("float"), Export("double"), Export("byte"), Export("op_sum"), Export("op_max"),
            Export("errors_return"), InPlace: 1, StatusIgnore: 0);

        nint Export(string name) => NativeLibrary.GetExport(library, $"ompi_mpi_{name}");
    }

    /// <summary>Refuses a library that is neither family's.</summary>
    /// <exception cref="BadImageFormatException">It is another library.</exception>
    public static void Verify(nint library, string place)
    {
        // The standard ABI of MPI 5.0 has other constants, and none of MPICH's own functions.
        bool isStandard = Has("MPI_Abi_get_version") && !Has("MPIR_Err_return_comm");
        if (!Has("MPI_Init_thread") || (isStandard && !Has("ompi_mpi_comm_world")))
        {
            throw new BadImageFormatException(
                $"The native library {place} is neither Open MPI's nor of MPICH's family. Set REVUP_MPI_LIBRARY to the "
                + "full path of libmpi.so.40 or libmpich.so.12, whichever belongs to your mpirun.",
                place);
        }

        bool Has(string name) => NativeLibrary.TryGetExport(library, name, out _);
    }
}
