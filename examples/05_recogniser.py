"""Train a small speech recogniser, of the kind that SNAPs analyse, and transcribe a recording with it.

    python examples/05_recogniser.py RESULTS [UPDATES]      (the folder of example 01, for its corpus)

The network is W2P_shallow of Krug et al. 2021 with fewer filters: log-mel spectrograms in, TIMIT's 61 phones out.
20 updates show that it works; `snap-tf asr train --preset small` does the 1,600 that it needs to learn a synthetic
corpus.
"""

import sys
from pathlib import Path

from snap_tf.asr import (
    RecogniserSession,
    evaluate_corpus,
    export_recogniser,
    layer_table,
    open_recogniser,
    preset_config,
    receptive_field,
    support,
    train_recogniser,
    transcribe,
)
from wavegan_tf.data import open_corpus


def main(results: Path, n_updates: int = 20) -> None:
    """Train, score, transcribe, export."""
    # Training leaves the test speakers out; some of the others are held out for validation.
    corpus = open_corpus(results / "corpus")
    config = preset_config("small", model="W2P_shallow", width=0.125, sa="all", validation_share=0.25)
    options = RecogniserSession(max_steps=n_updates, picture_secs=0)
    trained = train_recogniser(config, corpus, results / "recogniser", options=options)
    print(f"phone error rate on held-out speakers: {trained.best_error_rate:.2f}")

    # The receptive field of one output step, in the input and in every layer; SNAPs depend on it.
    layers = layer_table("W2P_shallow")
    print(f"one output sees {receptive_field(layers)} steps of 8 ms; the middle of a frame of 206 depends on these "
          f"steps of the input and of every layer: {support(layers, step=51, n_steps=206)}")

    recogniser = open_recogniser(results / "recogniser")
    scored, _ = evaluate_corpus(recogniser, corpus)
    print(scored.to_text(n_confusions=5))

    # Greedy CTC decoding gives spikes: each phone with its time.
    for transcript in transcribe(recogniser, [corpus.utterances[0].audio_path]):
        print(transcript.text)
        print(*transcript.symbols[:5], sep="\n")

    export_recogniser(recogniser, results / "recogniser-model")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
