namespace RevUp.Data.Volumes;

/// <summary>In which order a volume's axes are read.</summary>
public enum VolumeOrientation
{
    /// <summary>
    /// By the file's affine: W grows to the patient's right, H to the front, D upwards. Files
    /// without an affine are read as they are stored.
    /// </summary>
    Ras,

    /// <summary>As they are stored, whatever the affine says.</summary>
    Stored,
}
