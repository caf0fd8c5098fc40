"""The examples run, short as they are, and leave what they say; those that take long only among the slow tests."""

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LEAVES = {  # what the later examples and their readers count on
    "01_train_a_ciwgan.py": ["corpus/corpus.json", "words/manifest.csv", "run/metrics.csv", "model/saved_model.pb",
                             "sounds/spectrograms.png"],
    "02_layers_as_time_series.py": ["layers/Conv5.npy", "layers/table.csv", "stack.png"],
    "03_gamm.py": ["gamm/table.txt", "gamm/curves.png", "gamm/differences.png"],
    "04_interpolate.py": ["latents/latents.csv", "latents/latents.png", "sweep/summary.csv", "sweep/slopes.png"],
    "05_recogniser.py": ["recogniser/best/network.keras", "recogniser-model/saved_model/saved_model.pb"],
    "06_snap.py": ["profiles.npz", "snaps.png"],
    "07_vowel_formants.py": ["vowel_formants.png"],
    "08_pitch_contours.py": ["pitch_contours.png"],
    "09_eye_tracking.py": ["eye_tracking.png"],
}
CURVES = list(LEAVES)[6:]  # make their tables themselves
SYNTHESISER = "synthetic corpora need the extra `synth`"


def run(name: str, results: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Run an example in this process, where TensorFlow is loaded already, as the command line would."""
    monkeypatch.setattr(sys, "argv", [name, str(results), *arguments])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    missing = [path for path in LEAVES[name] if not (results / path).is_file()]
    assert not missing


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first example leaves, without its training: a corpus, words (some of them), an exported model."""
    pytest.importorskip("espeakng_loader", reason=SYNTHESISER)
    from wavegan_tf.data.corpora.readers import open_corpus
    from wavegan_tf.data.slices.slicing import slice_words
    from wavegan_tf.data.synthetic import render_corpus
    from wavegan_tf.export.folder import write_model
    from wavegan_tf.models.family import build_networks
    from wavegan_tf.presets.catalogue import change_settings, load_preset

    folder = tmp_path_factory.mktemp("results")
    render_corpus(folder / "corpus", n_speakers=6, n_sentences=1, seed=1, progress=False)
    slice_words(open_corpus(folder / "corpus"), folder / "words", ["ask", "greasy", "wash"])
    config = change_settings(load_preset("small").config, {"code": "onehot", "code_dim": 8, "dim": 2})
    write_model(build_networks(config.network, seed=0), config, 0, "nowhere", folder / "model")
    return folder


def test_every_example_is_numbered_short_and_tested() -> None:
    files = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert files == list(LEAVES)
    assert [int(name[:2]) for name in files] == list(range(1, len(files) + 1))
    for name in files:
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) < 60, name
        says = ast.get_docstring(ast.parse(text))
        assert says and re.search(rf"^    python examples/{re.escape(name)} RESULTS", says, re.M), name


def test_layers_then_gamm(results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run("02_layers_as_time_series.py", results, monkeypatch)
    assert "Conv5: 16 steps, 15.625 Hz" in capsys.readouterr().out
    run("03_gamm.py", results, monkeypatch)
    assert "A. parametric coefficients" in capsys.readouterr().out


def test_recogniser_then_snap(results: Path, monkeypatch: pytest.MonkeyPatch,
                              capsys: pytest.CaptureFixture[str]) -> None:
    run("05_recogniser.py", results, monkeypatch, "6")
    assert "one output sees 96 steps" in capsys.readouterr().out
    run("06_snap.py", results, monkeypatch)
    assert "predicted phone annotated at the middle" in capsys.readouterr().out


@pytest.mark.slow
def test_one_after_the_other_as_a_reader_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("espeakng_loader", reason=SYNTHESISER)
    for name in [name for name in LEAVES if name not in CURVES]:
        run(name, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
def test_the_planted_difference_is_found(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    run(name, tmp_path, monkeypatch)
    assert "holds the planted difference at 100% of the times" in capsys.readouterr().out
