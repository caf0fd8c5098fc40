"""Where labels come from: manifests, tables, folders, file names."""

import pytest

from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.use.labels import find_labels, read_label_table

FILES = ["ask/a.wav", "ask/b.wav", "wash/a.wav", "wash/c.wav"]


def test_folders(tmp_path):
    assert find_labels(tmp_path, FILES, "folder").of == {name: name.split("/")[0] for name in FILES}
    (tmp_path / "year").mkdir()
    assert find_labels(tmp_path / "year", ["x.wav"], "folder").of == {"x.wav": "year"}


def test_names(tmp_path):
    files = ["7_jackson_3.wav", "sub/0_theo_12.wav", "noise.wav"]
    assert find_labels(tmp_path, files, r"name:^(\d)_").of == {files[0]: "7", files[1]: "0"}
    assert find_labels(tmp_path, files, r"name:[a-z]+(?=_)").of == {files[0]: "jackson", files[1]: "theo"}
    for nothing in ("name:^(x)?", "name:zzz"):
        with pytest.raises(ConfigError, match="must match the name of at least one file; the first is 7_jackson_3"):
            find_labels(tmp_path, files, nothing)
    with pytest.raises(ConfigError, match="must hold a regular expression"):
        find_labels(tmp_path, files, "name:(")


def test_manifest(tmp_path):
    rows = ["file,label,split", "ask/a.wav,ask,train", "wash/c.wav,null,test", "other.wav,x,test"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows))
    for way in ("auto", "manifest"):
        labels = find_labels(tmp_path, FILES, way)
        assert labels.of == {"ask/a.wav": "ask", "wash/c.wav": "null"}  # `null` is a word
        assert not labels.are_codes
    assert find_labels(tmp_path, FILES, "none").of == {}


def test_manifest_of_the_folder_above(tmp_path):
    (tmp_path / "manifest.csv").write_text("file,label\ntest/ask/a.wav,ask\ntrain/ask/b.wav,ask\n")
    (tmp_path / "test").mkdir()
    assert find_labels(tmp_path / "test", FILES).of == {"ask/a.wav": "ask"}
    (tmp_path / "elsewhere").mkdir()
    assert find_labels(tmp_path / "elsewhere", FILES).of == {}  # a manifest of other files


def test_codes_of_generated_audio(tmp_path):
    (tmp_path / "manifest.csv").write_text("file,index,code\nask/a.wav,0,011\nask/b.wav,1,\n")
    labels = find_labels(tmp_path, FILES)
    assert labels.are_codes and labels.of == {"ask/a.wav": "011"}


def test_a_table_finds_files_by_bare_name_where_that_is_unique(tmp_path):
    (tmp_path / "t.csv").write_text("file,label\nb.wav,one\na.wav,two\n./wash\\c.wav,three\n")
    assert read_label_table(tmp_path / "t.csv", FILES).of == {"ask/b.wav": "one", "wash/c.wav": "three"}


@pytest.mark.parametrize(("content", "message"), [
    (None, "must be an existing CSV"),
    (b"name,label\nx,y\n", "must have the columns file and label; it has name, label"),
    (b"file,other\nx,y\n", "it has file, other"), (b"", "must be a CSV in UTF-8"),
    (b"file,label\n\xff\xfe,y\n", "must be a CSV in UTF-8")])
def test_tables_that_cannot_be_read(tmp_path, content, message):
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_label_table(tmp_path / "t.csv", FILES)


def test_no_such_way(tmp_path):
    with pytest.raises(ConfigError, match=r"`label_from` \(=speaker\) must be auto, manifest, folder, name:REGEX or"):
        find_labels(tmp_path, FILES, "speaker")
    with pytest.raises(DataError, match="must exist; it does not; use another --label-from"):
        find_labels(tmp_path, FILES, "manifest")


def test_a_file_with_two_labels_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("file,label\n1.wav,a\n2.wav,b\n1.wav,a\n")
    assert read_label_table(tmp_path / "t.csv", ["1.wav", "2.wav"]).of == {"1.wav": "a", "2.wav": "b"}
    for row in ("1.wav,c", "./1.wav,c"):
        (tmp_path / "t.csv").write_text(f"file,label\n1.wav,a\n2.wav,b\n{row}\n")
        with pytest.raises(DataError, match=r"must give a file one label; 1\.wav has `a` and `c`"):
            read_label_table(tmp_path / "t.csv", ["1.wav", "2.wav"])
    (tmp_path / "t.csv").write_text("file,label\nx/1.wav,a\ny/1.wav,c\n")
    with pytest.raises(DataError, match=r"must give a file one label; 1\.wav has `a` and `c`"):
        read_label_table(tmp_path / "t.csv", ["1.wav"])


def test_the_row_of_a_file_goes_before_one_of_the_same_name_in_another_folder(tmp_path):
    (tmp_path / "t.csv").write_text("file,label\ntrain/1.wav,a\ntest/1.wav,b\n")
    assert read_label_table(tmp_path / "t.csv", ["train/1.wav"]).of == {"train/1.wav": "a"}
