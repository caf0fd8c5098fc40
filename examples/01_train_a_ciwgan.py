"""Train a small ciwGAN on eight words, generate audio for each code, and classify the words of a test set.

    python examples/01_train_a_ciwgan.py RESULTS [STEPS]

The later examples use the files that this one writes to RESULTS. 30 steps show that everything works; some thousand
are needed before codes agree with words.
"""

import sys
from pathlib import Path

from wavegan_tf.data import open_corpus, render_corpus, slice_words
from wavegan_tf.export import export_run, open_model
from wavegan_tf.presets import change_settings, load_preset
from wavegan_tf.training import SessionOptions, train
from wavegan_tf.use import Request, classify_folder, generate

WORDS = ("ask", "dark", "greasy", "oily", "rag", "wash", "water", "year")


def main(results: Path, n_steps: int = 30) -> None:
    """Make a corpus, cut words, train, export, generate and classify."""
    # A corpus without a licence: eSpeak NG reads TIMIT's sentences, labelled in words and phones. With a corpus of
    # your own, start at open_corpus: it recognises TIMIT, LibriSpeech, and recordings with TextGrids.
    render_corpus(results / "corpus", n_speakers=8, n_sentences=3, seed=1)
    corpus = open_corpus(results / "corpus")

    # One file per token, with 25 ms of silence around it, in a training and a test set.
    slices = slice_words(corpus, results / "words", WORDS)
    print(slices)

    # ciwGAN: the first eight latent variables are a one-hot code, which the Q-network must estimate from the audio.
    # The training data have no labels. The published network is the preset "ciwgan-words".
    config = change_settings(load_preset("small").config, {"code": "onehot", "code_dim": len(WORDS), "dim": 4})
    options = SessionOptions(max_steps=n_steps, summary_secs=0)
    train(config, results / "words" / "train", results / "run", options=options)

    # Weights, settings and a model card in one folder; TensorFlow reads it without this package.
    model = open_model(export_run(results / "run", results / "model"))

    # Two sounds for every code; then the code of every word of the test set, and the agreement of codes with words.
    print(generate(model, results / "sounds", Request(n=2, all_codes=True))[["file", "code"]])
    print(classify_folder(model, results / "words" / "test", n_permutations=999))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
