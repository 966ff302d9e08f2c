using System.Reflection;

namespace RevUp.Tests.Architecture;

/// <summary>The types that a program which references the package sees.</summary>
[TestClass]
public sealed class PublicFaceTests
{
    // With Ranks, by which a program trains on many processes, BatchLoss, its own loss, four types
    // of fine-tuning, three of a server, and the check of a branch.
    private const int Most = 90;

    private static readonly (Assembly Assembly, string Folder)[] s_assemblies =
    [
        (typeof(RevUpNet).Assembly, "src/RevUp"), (typeof(RevUpException).Assembly, "interop/RevUp.Interop"),
    ];

    [TestMethod]
    public void TheFaceIsSmall()
    {
        string[] types =
            [.. s_assemblies.SelectMany(part => part.Assembly.GetExportedTypes()).Select(type => type.FullName!)];
        Assert.IsLessThanOrEqualTo(Most, types.Length, $"{types.Length} public types:\n{string.Join('\n', types)}");
    }

    /// <summary>
    /// The analyser compares members; this test sees that it runs on what is shipped.
    /// </summary>
    [TestMethod]
    public void EveryPublicTypeIsRecordedAndTheOtherWayRound()
    {
        foreach ((Assembly assembly, string folder) in s_assemblies)
        {
            string[] lines = Repository.Read($"{folder}/PublicAPI.Shipped.txt").Split('\n');
            string[] exported =
                [.. assembly.GetExportedTypes().Select(type => type.FullName!).Order(StringComparer.Ordinal)];
            // A type is a line without a member: "RevUp.Models.RevUpNet".
            string[] recorded =
                [.. lines.Where(line => line.StartsWith("RevUp.", StringComparison.Ordinal) && IsType(line))];
            CollectionAssert.AreEquivalent(exported, recorded.Select(line => line.Split(' ')[0]).ToArray(), folder);
        }

        static bool IsType(string line) =>
            !line.Contains("->", StringComparison.Ordinal) && !line.Contains(" = ", StringComparison.Ordinal);
    }

    [TestMethod]
    public void NothingOfTheBindingsIsPublic()
    {
        string[] exposed = [.. s_assemblies.SelectMany(part => part.Assembly.GetExportedTypes())
            .Where(type => type.Namespace!.StartsWith("RevUp.Interop.", StringComparison.Ordinal))
            .Select(type => type.FullName!)];
        CollectionAssert.AreEqual((string[])["RevUp.Interop.Cuda.ICudaProvider"], exposed);
    }
}
