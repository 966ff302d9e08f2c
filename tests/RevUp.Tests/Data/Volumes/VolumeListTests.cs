namespace RevUp.Tests.Data.Volumes;

/// <summary>Lists as R, pandas and spreadsheets write them.</summary>
[TestClass]
public sealed class VolumeListTests : FolderTest
{
    [TestMethod]
    [DataRow("file,label\na.nii,1\nb c.nii,2\n")]
    [DataRow("\"file\",\"label\"\n\"a.nii\",\"1\"\n\"b c.nii\",\"2\"\n")]
    [DataRow("\"file\",\"label\"\r\n\"a.nii\",1\r\n\r\n\"b c.nii\",2")]
    [DataRow("file;label\na.nii;1\nb c.nii;2\n")]
    [DataRow("File\tLabel\na.nii\t1\nb c.nii\t2\n")]
    [DataRow(",label,site,file\n0,1,x,a.nii\n1,2,\"y, z\",b c.nii\n")]
    [DataRow(" file , label \n a.nii , 1 \n b c.nii ,2\n")]
    public void FilesAndLabelsAreRead(string text)
    {
        foreach (Encoding encoding in new[] { new UTF8Encoding(false), new UTF8Encoding(true), Encoding.Unicode })
        {
            File.WriteAllText(Folder["train.csv"], text, encoding);
            CollectionAssert.AreEqual(new[] { ("a.nii", "1"), ("b c.nii", "2") }, VolumeList.Read(Folder["train.csv"]));
        }
    }

    [TestMethod]
    public void QuotesMayHoldSeparatorsAndQuotes()
    {
        File.WriteAllText(Folder["train.csv"], "file,label\n\"a,\"\"b\"\".nii\",\"not, well\"\nc,d.nii,1\n");
        CollectionAssert.AreEqual(
            new[] { ("a,\"b\".nii", "not, well"), ("c,d.nii", "1") }, VolumeList.Read(Folder["train.csv"]));
    }
}
