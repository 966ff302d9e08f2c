namespace RevUp.Data.Volumes;

/// <summary>
/// Fields of a NIfTI header by their places, which differ between its two versions.
/// </summary>
internal readonly ref struct NiftiFields
{
    private readonly ReadOnlySpan<byte> _bytes;

    public NiftiFields(ReadOnlySpan<byte> bytes, bool isVersion2)
    {
        _bytes = bytes;
        IsVersion2 = isVersion2;
        int length = isVersion2 ? NiftiHeader.Length2 : NiftiHeader.Length1;
        IsBigEndian = BinaryPrimitives.ReadInt32LittleEndian(bytes) != length;
    }

    public bool IsVersion2 { get; }

    public bool IsBigEndian { get; }

    public bool IsPair => _bytes[IsVersion2 ? 5 : 345] == 'i';

    public int DimensionsAt => IsVersion2 ? 16 : 40;

    public int TypeAt => IsVersion2 ? 12 : 70;

    public int OffsetAt => IsVersion2 ? 168 : 108;

    public int TypeCode => Int16(TypeAt);

    public double Offset => IsVersion2 ? Int64(168) : Math.Floor(Single(108));

    public double Slope => IsVersion2 ? Double(176) : Single(112);

    public double Intercept => IsVersion2 ? Double(184) : Single(116);

    /// <summary>
    /// 1 for metres, 2 for millimetres, 3 for micrometres; 0 when the file does not say.
    /// </summary>
    public int SpatialUnit => (IsVersion2 ? Int32(500) : _bytes[123]) & 7;

    public int QuaternionCode => IsVersion2 ? Int32(344) : Int16(252);

    public int AffineCode => IsVersion2 ? Int32(348) : Int16(254);

    /// <summary>dim[i].</summary>
    public long Dimension(int i) => IsVersion2 ? Int64(16 + 8 * i) : Int16(40 + 2 * i);

    /// <summary>pixdim[i].</summary>
    public double Step(int i) => IsVersion2 ? Double(104 + 8 * i) : Single(76 + 4 * i);

    /// <summary>b, c, d of the rotation's quaternion.</summary>
    public double Quaternion(int i) => IsVersion2 ? Double(352 + 8 * i) : Single(256 + 4 * i);

    /// <summary>qoffset_x, qoffset_y, qoffset_z.</summary>
    public double QuaternionOffset(int i) => IsVersion2 ? Double(376 + 8 * i) : Single(268 + 4 * i);

    /// <summary>srow_x, srow_y, srow_z.</summary>
    public double Affine(int row, int column) =>
        IsVersion2 ? Double(400 + 32 * row + 8 * column) : Single(280 + 16 * row + 4 * column);

    private short Int16(int at) =>
        IsBigEndian ? BinaryPrimitives.ReadInt16BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt16LittleEndian(
            _bytes[at..]);

    private int Int32(int at) =>
        IsBigEndian ? BinaryPrimitives.ReadInt32BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt32LittleEndian(
            _bytes[at..]);

    private long Int64(int at) =>
        IsBigEndian ? BinaryPrimitives.ReadInt64BigEndian(_bytes[at..]) : BinaryPrimitives.ReadInt64LittleEndian(
            _bytes[at..]);

    private float Single(int at) =>
        IsBigEndian ? BinaryPrimitives.ReadSingleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadSingleLittleEndian(
            _bytes[at..]);

    private double Double(int at) =>
        IsBigEndian ? BinaryPrimitives.ReadDoubleBigEndian(_bytes[at..]) : BinaryPrimitives.ReadDoubleLittleEndian(
            _bytes[at..]);
}
