namespace RevUp.Benchmarks.GpuModel;

/// <summary>Part of a step, by the ranges that an operation is issued in.</summary>
internal static class ModelPart
{
    /// <summary>The part of the step for a path of ranges.</summary>
    public static string Of(string path)
    {
        string[] ranges = path.Split(" / ");
        bool Has(string range) => ranges.Contains(range);
        if (Has("power iteration"))
        {
            return "power iteration";
        }
        if (Has("prepare"))
        {
            return "factors of branches";
        }
        string layer = ranges.FirstOrDefault(range => range is "stem" or "head" || range.Contains('.')) ?? "";
        return layer switch
        {
            "" => Has("optimiser") ? "optimiser" : "other",
            "head" => "head",
            _ when layer.StartsWith("stem", StringComparison.Ordinal) => "stem",
            _ when layer.Contains(".down", StringComparison.Ordinal) => "transitions",
            _ when layer.EndsWith(".up", StringComparison.Ordinal) => "transitions",
            _ => Has("inversion") ? "inversion" : Has("replay") ? "replay" : Has("backward") ? "gradient" : "forward",
        };
    }
}
