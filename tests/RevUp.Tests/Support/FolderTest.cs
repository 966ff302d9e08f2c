namespace RevUp.Tests.Support;

/// <summary>Tests that have an empty folder each, which goes away with the test.</summary>
public abstract class FolderTest
{
    private TemporaryFolder? _folder;

    private protected TemporaryFolder Folder => _folder ??= new TemporaryFolder();

    [TestCleanup]
    public void DeleteFolder() => _folder?.Dispose();
}
