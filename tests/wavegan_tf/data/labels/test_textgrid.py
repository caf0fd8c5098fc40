"""TextGrids of every make: long = short = UTF-16, exact to the sample, nothing lost without a word."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from praatio import textgrid as praatio_textgrid

from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.labels.textgrid import Interval, read_textgrid, to_sample, write_textgrid
from wavegan_tf.errors import ConfigError, DataError

SHORT = '''File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
2
"IntervalTier"
"words"
0
1.5
3
0
0.5
""
0.5
1.25
"she said ""ask"""
1.25
1.5
"two
lines"
"TextTier"
"pitch"
0
1.5
1
0.75
"high"
'''

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = -0
xmax = 1.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = -0
        xmax = 1.5
        intervals: size = 3
        intervals [1]:
            xmin = -0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.25
            text = "she said ""ask"""
        intervals [3]:
            xmin = 1.25
            xmax = 1.5
            text = "two
lines"
    item [2]:
        class = "TextTier"
        name = "pitch"
        xmin = -0
        xmax = 1.5
        points: size = 1
        points [1]:
            number = 0.75
            mark = "high"
'''

WORDS = (Interval(0.0, 0.5, ""), Interval(0.5, 1.25, 'she said "ask"'), Interval(1.25, 1.5, "two\nlines"))


def saved(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "a.TextGrid"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("text", [SHORT, LONG, SHORT.rstrip("\n"), LONG.rstrip("\n"), SHORT.replace("\n", "\r\n"),
                                  LONG.replace("1.25", "125e-2"), LONG.replace("xmax = 1.5\ntiers", "! xmax = 9\n"
                                                                               "xmax = 1.5\ntiers")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_every_format_and_encoding_is_the_same(tmp_path, text, encoding):
    grid = read_textgrid(saved(tmp_path, text, encoding))
    assert (str(grid.start_s), grid.end_s) == ("0.0", 1.5)  # not -0.0
    (tier,) = grid.tiers
    assert tier.name == "words"
    assert [Interval(i.start_s, i.end_s, i.label.replace("\r", "")) for i in tier.intervals] == list(WORDS)
    assert grid.point_tiers == ("pitch",)
    assert grid.describe() == "`words`, `pitch` (points)"


def test_ipa_survives_utf_8_and_utf_16(tmp_path):
    text = SHORT.replace("two\nlines", "θœə")
    for encoding in ("utf-8", "utf-16"):
        assert read_textgrid(saved(tmp_path, text, encoding)).tiers[0].intervals[2].label == "θœə"


def test_what_praatio_loses_is_read(tmp_path):
    """The reasons for a reader of our own (praatio 6.2.2); should these fail, praatio can take over."""
    one = SHORT[:SHORT.index('"TextTier"')].replace("\n2\n", "\n1\n", 1).rstrip("\n")
    assert len(read_textgrid(saved(tmp_path, one)).tiers[0].intervals) == 3
    assert len(_by_praatio(saved(tmp_path, one))) == 2  # the last interval is gone without a word
    for old, new in (("0.5", "5e-05"), ("two\nlines", "intervals [9]: x")):
        path = saved(tmp_path, LONG.replace(old, new))
        assert len(read_textgrid(path).tiers[0].intervals) == 3
        with pytest.raises(Exception, match="Expected field"):
            _by_praatio(path)


def _by_praatio(path: Path) -> tuple:
    return praatio_textgrid.openTextgrid(str(path), True, reportingMode="silence").getTier("words").entries


@pytest.mark.parametrize(("text", "message"), [
    ("", "end of the file found where the file type should be"),
    ("hello", "end of the file found where the file type"),
    (SHORT.replace("TextGrid", "Sound"), "must be a Praat text file that holds a TextGrid"),
    (SHORT[:SHORT.index("1.25\n1.5")], "end of the file found where the start in tier `words` should be"),
    (SHORT.replace('"two\nlines"', "two"), "number '0' found where the name of a tier should be"),
    (SHORT.replace("0.5\n1.25\n", "0.5\n"), r"string 'she said .* found where the end in tier `words` should be"),
    (SHORT.replace("IntervalTier", "SpectrumTier"), "tier `words` has the class `SpectrumTier`"),
    (LONG[:300], "end of the file found where"),
    (SHORT.replace("1.25", "1e400"), "1e400 is no time or size in a recording, but stands where the end in"),
    (SHORT.replace("1.25", "9" * 5000), "9{40} is no time or size in a recording"),
    (SHORT.replace("1.25", "-1e18"), "-1e18 is no time or size"),
    (SHORT.replace("1.25", "nan"), "found where the"), (SHORT.replace("1.25", "inf"), "found where the"),
    (SHORT.replace("\n3\n", "\n1e400\n", 1), "1e400 is no time or size"),
    (SHORT.replace("\n3\n", "\n1e8\n", 1), "found where the start in tier `words` should be"),
    (SHORT.replace("\n3\n", "\n2.5\n", 1), "2.5, which is no number of things, found where the size of tier `words`"),
    (SHORT.replace("\n3\n", "\n-3\n", 1), "-3, which is no number of things"),
    (SHORT.replace('"two\nlines"', '"' * 200_001), "found where the number of tiers|found where the"),
])
def test_damaged_files_are_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_textgrid(saved(tmp_path, text))


def test_a_grid_without_tiers(tmp_path):
    grid = read_textgrid(saved(tmp_path, 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<absent>\n'))
    assert grid.tiers == () and grid.describe() == "none"


labels = st.text('ab θœ"!<>[1]=.-', max_size=8).map(str.strip)


@st.composite
def recordings(draw):
    rate_hz = draw(st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]))
    edges = sorted(draw(st.sets(st.integers(0, 40 * rate_hz), min_size=2, max_size=12)))
    segments = [Segment(a, b, draw(labels) or "x") for a, b in pairwise(edges) if draw(st.booleans())]
    return segments, edges[-1] + draw(st.integers(0, 500)), rate_hz


@given(recording=recordings(), style=st.sampled_from(["long", "short"]), encoding=st.sampled_from(["utf-8", "utf-16"]))
def test_samples_come_back_exactly(tmp_path_factory, recording, style, encoding):
    segments, n_samples, rate_hz = recording
    path = tmp_path_factory.mktemp("grid") / "a.TextGrid"
    write_textgrid(path, {"words": segments, "empty": []}, n_samples, rate_hz, style)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    grid = read_textgrid(path)
    back = [Segment(to_sample(i.start_s, rate_hz), to_sample(i.end_s, rate_hz), i.label)
            for i in grid.tiers[0].intervals if i.label]
    assert back == segments
    # gap-free, as Praat wants it
    edges = [i.start_s for i in grid.tiers[0].intervals] + [grid.tiers[0].intervals[-1].end_s]
    assert edges[0] == 0 and [i.end_s for i in grid.tiers[0].intervals] == edges[1:]
    assert [t.name for t in grid.tiers] == ["words", "empty"]


def test_what_is_written_opens_in_praat(tmp_path):
    import parselmouth

    path = tmp_path / "a.TextGrid"
    segments = [Segment(0, 4000, 'say "θ"'), Segment(4000, 8001, "ask")]
    for style in ("long", "short"):
        write_textgrid(path, {"words": segments}, 16000, 16000, style)
        grid = parselmouth.read(str(path))
        assert parselmouth.praat.call(grid, "Get number of intervals", 1) == 3
        assert parselmouth.praat.call(grid, "Get label of interval", 1, 1) == 'say "θ"'
        assert parselmouth.praat.call(grid, "Get end time of interval", 1, 2) == pytest.approx(8001 / 16000, abs=1e-9)


@pytest.mark.parametrize("segments", [
    [Segment(0, 10, "a"), Segment(9, 20, "b")], [Segment(5, 5, "a")], [Segment(0, 101, "a")], [Segment(-1, 9, "a")]])
def test_segments_that_make_no_tier_are_refused(tmp_path, segments):
    path = tmp_path / "a.TextGrid"
    with pytest.raises(DataError, match=r"segment `.` \(=.*\) of tier `words` must lie after"):
        write_textgrid(path, {"words": segments}, 100, 16000)
    with pytest.raises(ConfigError, match=r"`style` \(=json\) must be long or short"):
        write_textgrid(path, {"words": []}, 100, 16000, "json")
    assert not path.exists()


@pytest.mark.shared
def test_files_of_other_makers_as_praatio_reads_them(shared_dir: Path):
    paths = sorted((shared_dir / "data/aligned").rglob("*.TextGrid"))
    assert len(paths) == 8
    for path in paths:
        grid, other = read_textgrid(path), praatio_textgrid.openTextgrid(str(path), True, reportingMode="silence")
        for tier in grid.tiers:
            entries = other.getTier(tier.name).entries
            assert [(i.start_s, i.end_s, i.label) for i in tier.intervals] == [(e.start, e.end, e.label)
                                                                              for e in entries], path


@pytest.mark.parametrize(("old", "new"), [("<exists>\n2\n", "<exists>\n1\n"), ("0\n1.5\n1\n0.75", "0\n1.5\n0\n0.75"),
                                          ("<exists>\n2\n", "<exists>\n0\n")])
def test_more_than_the_sizes_say_is_damage(tmp_path: Path, old: str, new: str) -> None:
    """A size, or a time before it, was lost: tiers would be read short without a word."""
    path = tmp_path / "a.TextGrid"
    path.write_text(SHORT + "! a comment may follow\n")
    assert len(read_textgrid(path).tiers) == 1
    path.write_text(SHORT.replace(old, new))
    with pytest.raises(DataError, match=r"must be whole; .* found where the end should be"):
        read_textgrid(path)
