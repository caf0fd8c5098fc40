"""What the network hears: the training pipeline's first slices, with labels, speakers and phones, from any folder."""

import numpy as np
import pytest
import soundfile

from snap_tf.series.extraction.feed import ClipFeed, scaled_tokens
from snap_tf.series.extraction.stimuli import find_stimuli
from wavegan_tf.config import DataConfig
from wavegan_tf.data.batches.pipeline import open_source
from wavegan_tf.data.corpora.readers import open_corpus
from wavegan_tf.data.corpus import Segment
from wavegan_tf.data.slices.manifest import read_manifest
from wavegan_tf.data.slices.slicing import slice_words
from wavegan_tf.errors import ConfigError, DataError

CONFIG = DataConfig(slice_len=16384)


def heard(stimuli, config=CONFIG):
    feed = ClipFeed(stimuli, config)
    audio = np.concatenate(list(feed.batches(4)))
    return audio, feed.tokens(), feed.problems


@pytest.mark.parametrize("config", [CONFIG, DataConfig(slice_len=16384, sample_rate_hz=8000, normalize=False)])
def test_clips_are_the_training_pipelines_first_slices(slices, config, tmp_path):
    import dataclasses

    first = dataclasses.replace(config, first_slice=True)
    batch = next(open_source(slices, first, 0, cache_dir=tmp_path, progress=False).batches(6).as_numpy_iterator())[0]
    audio, _, _ = heard(find_stimuli(slices), config)
    assert audio.shape == batch.shape and audio.dtype == np.float32
    # the pipeline shuffles: the same clips, in another order
    keys = [sorted(clip[:, 0].tobytes() for clip in clips) for clips in (audio, batch)]
    assert keys[0] == keys[1]
    if config.normalize:
        np.testing.assert_allclose(np.abs(audio).max(axis=(1, 2)), 1)


def test_slices_bring_labels_speakers_and_phones(slices):
    stimuli = find_stimuli(slices / "manifest.csv")
    _, tokens, problems = heard(stimuli)
    manifest = read_manifest(slices)
    assert tokens["token"].tolist() == [name.removesuffix(".wav") for name in manifest["file"]] and not problems
    for name in ("label", "word", "speaker", "split", "phones"):
        assert tokens[name].tolist() == manifest[name].tolist()
    assert tokens["n_samples"].tolist() == manifest["n_samples"].tolist() and not tokens["cropped"].any()


def test_phones_are_counted_at_the_networks_rate(slices):
    config = DataConfig(slice_len=16384, sample_rate_hz=8000)
    _, tokens, _ = heard(find_stimuli(slices), config)
    assert tokens["phones"][0] == (Segment(200, 800, "ae"), Segment(800, 1800, "s"), Segment(1800, 2300, "k"))
    assert tokens["n_samples"].tolist() == [2500 + 50 * i for i in range(6)]


def test_clips_of_a_split_a_word_a_phone(slices):
    assert len(find_stimuli(slices, split="test").table) == 4
    assert set(find_stimuli(slices, words=["ASK"]).table["label"]) == {"ask"}
    assert set(find_stimuli(slices, phones=["sh"]).table["label"]) == {"wash"}
    audio, tokens, _ = heard(find_stimuli(slices, words=["wash"], split="test"))
    assert tokens["token"].tolist() == ["test/wash/u1_0-4300", "test/wash/u3_0-4500"]
    whole, _, _ = heard(find_stimuli(slices))
    np.testing.assert_array_equal(audio, whole[[1, 3]])


def test_words_of_a_corpus_are_what_slicing_it_gives(corpus, tmp_path):
    slice_words(open_corpus(corpus), tmp_path / "slices")
    cut, cut_tokens, _ = heard(find_stimuli(corpus))
    read, read_tokens, _ = heard(find_stimuli(tmp_path / "slices"))
    order = [cut_tokens["token"].tolist().index(token.rsplit("/", 1)[1]) for token in read_tokens["token"]]
    np.testing.assert_array_equal(cut[order], read)
    assert cut_tokens["phones"].iloc[order].tolist() == read_tokens["phones"].tolist()
    assert cut_tokens["n_samples"].iloc[order].tolist() == read_tokens["n_samples"].tolist()
    # the [s] of "as" ends with the word, which the aligner cut short: 400 samples of silence, then 4500 of the word
    assert cut_tokens.set_index("label").loc["as", "phones"].iloc[0] == (Segment(400, 3400, "ae"),
                                                                        Segment(3400, 4900, "s"))


def test_whole_recordings_of_a_corpus(corpus):
    audio, tokens, _ = heard(find_stimuli(corpus, unit="recordings"))
    assert audio.shape == (2, 16384, 1) and tokens["n_samples"].tolist() == [12000, 12000]
    assert [p.label for p in tokens["phones"][0]] == ["h#", "sh", "iy", "ae", "s", "h#"]
    assert tokens["speaker"].tolist() == ["FAAA0", "MBBB0"]


def test_any_folder_with_labels_from_names(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("0_anna_1.wav", "7_bert_1.wav", "deep/7_anna_2.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, rng.uniform(-1, 1, 20000 if name[0] == "0" else 4000), 16000)
    stimuli = find_stimuli(tmp_path, label_from=r"name:^(\d)", speaker_from="name:_([a-z]+)_")
    _, tokens, _ = heard(stimuli)
    assert tokens["token"].tolist() == ["0_anna_1", "7_bert_1", "deep/7_anna_2"]
    assert tokens["label"].tolist() == ["0", "7", "7"] and tokens["speaker"].tolist() == ["anna", "bert", "anna"]
    assert tokens["cropped"].tolist() == [True, False, False] and tokens["n_samples"].tolist() == [20000, 4000, 4000]
    assert find_stimuli(tmp_path, label_from="folder").table["label"].tolist()[2] == "deep"


def test_a_single_file(slices):
    audio, tokens, _ = heard(find_stimuli(slices / "test/ask/u0_0-4200.wav"))
    assert len(audio) == 1 and tokens["label"].tolist() == [""]


def test_what_cannot_be_used_is_told_and_left_out(own_slices):
    soundfile.write(own_slices / "test/ask/u2_0-4400.wav", np.zeros(5200), 16000)
    (own_slices / "train/wash").mkdir(parents=True, exist_ok=True)
    damaged = next(own_slices.glob("test/wash/u5*"))
    damaged.write_bytes(damaged.read_bytes()[:3000])
    audio, tokens, problems = heard(find_stimuli(own_slices))
    assert len(audio) == len(tokens) == 4
    reasons = {problem.where: problem.what for problem in problems}
    assert reasons.keys() == {"test/ask/u2_0-4400", "test/wash/u5_0-4700"}
    assert reasons["test/ask/u2_0-4400"] == "it is silent: every sample is 0"
    assert "must hold the 11000 bytes of its header" in reasons["test/wash/u5_0-4700"]
    for path in own_slices.rglob("*.wav"):
        path.write_bytes(b"RIFF")
    with pytest.raises(DataError, match=r"slices .* must hold clips that can be used; none of 6 can; the first"):
        heard(find_stimuli(own_slices))


def test_manifests_that_do_not_fit_their_files_are_refused(own_slices):
    soundfile.write(own_slices / "test/ask/u2_0-4400.wav", np.ones(5199) / 2, 16000)
    with pytest.raises(DataError, match=r"u2_0-4400.wav\) must have the 5200 samples \(at 16000 Hz\) of its table "
                                        r"\(slices .*\); it has 5199"):
        heard(find_stimuli(own_slices))
    (own_slices / "test/ask/u2_0-4400.wav").unlink()
    with pytest.raises(DataError, match="must exist; its table names it"):
        find_stimuli(own_slices)


def test_intervals_outside_the_file_are_refused(own_slices):
    table = own_slices / "manifest.csv"
    table.write_text(table.read_text().replace("s:1600-3600", "s:1600-9600"))
    with pytest.raises(DataError, match=r"interval \(=s:1600-9600\) must have a length and lie inside the 5000 samples "
                                        r"of test/ask/u0_0-4200.wav; correct .*manifest.csv"):
        find_stimuli(own_slices)


def test_labels_that_match_nothing_are_refused(slices, corpus):
    with pytest.raises(DataError, match=r"word \(=oily\) must be in the recordings"):
        find_stimuli(slices, words=["oily"])
    with pytest.raises(DataError, match=r"phone \(=zh\) must be in the recordings.* the most frequent ones are"):
        find_stimuli(slices, phones=["zh"])
    with pytest.raises(DataError, match=r"split \(=dev\) must be in the recordings.* the most frequent ones are test"):
        find_stimuli(slices, split="dev")
    with pytest.raises(DataError, match=r"word \(=oily\) must be in the corpus"):
        find_stimuli(corpus, words=["oily"])


def test_options_of_another_kind_of_folder_are_refused(slices, tmp_path):
    with pytest.raises(ConfigError, match=r"`word_tier` \(=ORT\) goes with a corpus; .* has a manifest of slices"):
        find_stimuli(slices, word_tier="ORT")
    with pytest.raises(ConfigError, match=r"`unit` \(=syllables\) must be one of auto, words, recordings"):
        find_stimuli(slices, unit="syllables")
    with pytest.raises(DataError, match="it is empty"):
        find_stimuli(tmp_path)
    with pytest.raises(DataError, match="must be an existing folder"):
        find_stimuli(tmp_path / "none")


def test_scaled_tokens_keep_the_order(slices):
    tokens = scaled_tokens(find_stimuli(slices, words=["wash"]), CONFIG)
    assert tokens.index.tolist() == [0, 1, 2] and set(tokens["label"]) == {"wash"}
