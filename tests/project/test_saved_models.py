"""The shipped models: small enough, whole, with cards that say what must be said, and they work."""

from pathlib import Path

import numpy as np
import pytest

PROJECT = Path(__file__).parents[2]
FOLDERS = sorted(path for path in (PROJECT / "saved_models").iterdir() if path.is_dir())
GANS = [folder for folder in FOLDERS if (folder / "saved_model.pb").is_file()]
RECOGNISERS = [folder for folder in FOLDERS if folder not in GANS]


def test_which_are_there() -> None:
    assert {folder.name for folder in FOLDERS} >= {"ciwgan", "fiwgan", "W2P_shallow", "W2L", "W2L_TL_frozen",
                                                   "W2L_TL_finetuned"}
    assert sum(path.stat().st_size for path in (PROJECT / "saved_models").rglob("*") if path.is_file()) < 60e6
    listed = (PROJECT / "saved_models" / "README.md").read_text(encoding="utf-8")
    assert [folder.name for folder in FOLDERS if f"({folder.name}/CARD.md)" not in listed] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_card_and_checksums(folder: Path) -> None:
    from wavegan_tf.export.checksums import verify_checksums

    card = (folder / "CARD.md").read_text(encoding="utf-8")
    for heading in ("Training", "Data", "Metrics", "Use", "Layers", "Limits", "Made with"):
        assert f"\n## {heading}\n" in card
    assert "seed" in card and "synthetic" in card and (folder / "config.json").is_file()
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*")
             if path.is_file() and path.name != "SHA256SUMS"]
    verify_checksums(folder, files)
    named = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    assert [name for name in files if name not in named] == []


@pytest.mark.parametrize("folder", GANS, ids=lambda folder: folder.name)
def test_q_network_reads_the_generators_codes(folder: Path) -> None:
    from wavegan_tf.export.opening import open_model

    model = open_model(folder)
    network = model.config.network
    codes = (np.eye(network.code_dim) if network.code == "onehot" else
             np.array(np.meshgrid(*[[0.0, 1.0]] * network.code_dim)).reshape(network.code_dim, -1).T)
    noise = np.random.default_rng(0).uniform(-1, 1, (len(codes), network.latent_dim - network.code_dim))
    answers = model.classify(model.generate(np.concatenate([codes, noise], axis=1).astype(np.float32)))
    probabilities = answers["probabilities"] if isinstance(answers, dict) else answers[1]
    right = (probabilities.argmax(1) == codes.argmax(1) if network.code == "onehot" else
             ((probabilities > 0.5) == (codes > 0.5)).all(axis=1))
    assert right.mean() > 0.7  # 1 of 8 by chance


@pytest.mark.parametrize("folder", GANS, ids=lambda folder: folder.name)
def test_signatures_take_any_number_of_clips_of_one_length(folder: Path) -> None:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    for function in loaded.signatures.values():
        ((name, spec),) = function.structured_input_signature[1].items()
        shape = tuple(spec.shape[1:])
        for n in (0, 2):
            assert {len(rows) for rows in function(**{name: tf.zeros((n, *shape))}).values()} == {n}
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
            function(**{name: tf.zeros((4, shape[0] // 2, *shape[1:]))})


@pytest.mark.parametrize("folder", RECOGNISERS, ids=lambda folder: folder.name)
def test_recogniser_writes_what_an_unknown_speaker_says(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="synthetic corpora need the extra `synth`")
    from snap_tf.asr.evaluation import evaluate_corpus
    from snap_tf.asr.runs import open_recogniser
    from wavegan_tf.data.corpora.readers import open_corpus
    from wavegan_tf.data.synthetic import render_corpus

    render_corpus(tmp_path / "corpus", n_speakers=3, n_sentences=1, seed=11, progress=False)
    result, problems = evaluate_corpus(open_recogniser(folder), open_corpus(tmp_path / "corpus"), "all", progress=False)
    assert not problems
    assert result.errors.rate < 0.6  # an untrained network makes 1 or more
