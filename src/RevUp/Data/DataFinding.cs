namespace RevUp.Data;

/// <summary>Something among the files of a dataset that no sample was made of.</summary>
/// <param name="What">Its sort, in words.</param>
/// <param name="IsProblem">Whether a sample may be missing because of it; a settings file or a side
/// file is none.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Examples">The first of them by name.</param>
internal sealed record DataFinding(string What, bool IsProblem, int Count, IReadOnlyList<string> Examples)
{
    /// <summary>Throws where samples may be missing.</summary>
    /// <param name="folder">The data, for the message.</param>
    /// <param name="findings">Of a dataset.</param>
    /// <param name="remedy">Advice that leaves them out.</param>
    /// <exception cref="DataFileException">There is a problem among them; it names each
    /// sort.</exception>
    public static void RequireNoProblem(string folder, IReadOnlyList<DataFinding> findings, string remedy)
    {
        DataFinding[] problems = [.. findings.Where(finding => finding.IsProblem)];
        if (problems.Length > 0)
        {
            string sorts = string.Join(
                "; ", problems.Select(problem => $"{problem.Count} × {problem.What}, such as {problem.Examples[0]}"));
            throw new DataFileException(
                folder,
                $"some of the data would be left out: {sorts}. 'revup data info' names them; correct the data, or "
                + $"{remedy}.");
        }
    }
}
