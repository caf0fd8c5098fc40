"""Train a small speech recogniser, the kind that SNAPs look into, and read what it hears.

    python examples/05_recogniser.py RESULTS [UPDATES]      (the folder of example 01, for its corpus)

The network is W2P_shallow of Krug et al. 2021, narrowed: log-mel spectrograms in, TIMIT's 61 phones out. 20 updates
show that it works; `snap-tf asr train --preset small` does the 1,600 that it takes to learn a synthetic corpus.
"""

import sys
from pathlib import Path

from snap_tf.asr.evaluation import evaluate_corpus
from snap_tf.asr.export import export_recogniser
from snap_tf.asr.network.layer_table import layer_table
from snap_tf.asr.network.receptive_field import receptive_field, support
from snap_tf.asr.runs import open_recogniser
from snap_tf.asr.settings import RecogniserSession, preset_config
from snap_tf.asr.training.loop import train_recogniser
from snap_tf.asr.transcription import transcribe
from wavegan_tf.data import open_corpus


def main(results: Path, n_updates: int = 20) -> None:
    """Train, score, transcribe, export."""
    # The test speakers stay out; of the others some are held out to see when to stop.
    corpus = open_corpus(results / "corpus")
    config = preset_config("small", model="W2P_shallow", width=0.125, sa="all", validation_share=0.25)
    options = RecogniserSession(max_steps=n_updates, picture_secs=0)
    trained = train_recogniser(config, corpus, results / "recogniser", options=options)
    print(f"phone error rate on held-out speakers: {trained.best_error_rate:.2f}")

    # How many steps of 8 ms one output sees, and how far each layer can matter to it: the geometry behind SNAPs.
    layers = layer_table("W2P_shallow")
    print(f"one output sees {receptive_field(layers)} steps of 8 ms; the middle of a frame of 206 depends on these "
          f"steps of the input and of every layer: {support(layers, step=51, n_steps=206)}")

    recogniser = open_recogniser(results / "recogniser")
    scored, _ = evaluate_corpus(recogniser, corpus)
    print(scored.to_text(n_confusions=5))

    # CTC writes spikes: each phone with its time.
    for transcript in transcribe(recogniser, [corpus.utterances[0].audio_path]):
        print(transcript.text)
        print(*transcript.symbols[:5], sep="\n")

    export_recogniser(recogniser, results / "recogniser-model")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
