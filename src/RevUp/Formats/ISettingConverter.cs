namespace RevUp.Formats;

/// <summary>A converter of numbers that recipes may also write as words.</summary>
internal interface ISettingConverter
{
    /// <summary>Allowed values, for messages.</summary>
    string Allowed { get; }
}
