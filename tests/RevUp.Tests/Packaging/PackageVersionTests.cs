using RevUp.Tests.Cli;

namespace RevUp.Tests.Packaging;

/// <summary>The version of the package, which comes from the tag.</summary>
[TestClass]
public sealed class PackageVersionTests : FolderTest
{
    [TestMethod]
    public void ItIsTheTagsOrAPreviewOfTheNext()
    {
        Git("init", "-q");
        Commit();
        Assert.AreEqual("", Of(Folder.Path), "without a tag it is the project's");
        Git("tag", "v1.2.9");
        Assert.AreEqual("1.2.9", Of(Folder.Path));
        Commit();
        Commit();
        Git("tag", "nightly");
        Assert.AreEqual("1.2.10-dev.2", Of(Folder.Path));
    }

    /// <summary>
    /// Version that ./build.sh pack would give the package of a checkout; "" without a tag.
    /// </summary>
    internal static string Of(string checkout)
    {
        string script = Path.Combine(Repository.Root, "tools", "package.sh");
        return Output(checkout, "bash", "-c", $"artifacts=artifacts; source '{script}'; package_version").TrimEnd();
    }

    private void Commit() =>
        Git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-q", "--allow-empty", "-m", "more");

    private void Git(params string[] arguments) => Output(Folder.Path, "git", arguments);

    private static string Output(string folder, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        ToolResult result = process.Finish();
        Assert.AreEqual(0, result.ExitCode, result.Error);
        return result.Output;
    }
}
