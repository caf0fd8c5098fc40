"""The model card of a recogniser: architecture, training data, error rates, limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from snap_tf.asr.evaluation import Evaluation
from snap_tf.asr.network.wav2letter import layers_of
from snap_tf.asr.runs import BEST_FOLDER, SCORES_NAME, Recogniser
from snap_tf.asr.spectrograms.spectrogram_geometry import HOP_SAMPLES, N_FFT, N_MELS, RATE_HZ
from wavegan_tf import __version__
from wavegan_tf.formats.json_files import read_json
from wavegan_tf.formats.plain_files import is_there
from wavegan_tf.training.metrics import METRICS_NAME, rows_until
from wavegan_tf.training.runs import finished_sessions, read_sessions

__all__ = ["recogniser_card"]

WRITES = {"letter": "letters (26, space, apostrophe, blank)", "phone": "TIMIT's 61 phones and blank"}


def recogniser_card(recogniser: Recogniser, name: str, test: Evaluation | None = None, tested_on: str = "",
                    is_compact: bool = False) -> str:
    """Write the model card of a recogniser as Markdown; what is not in the run's files is left out.

    Args:
        recogniser: see `runs.open_recogniser`.
        name: of the model, for the title.
        test: scores on utterances that training has not seen.
        tested_on: what these are, in words.
        is_compact: whether the export is compact, see `export.export_recogniser`.
    """
    network, folder = recogniser.network, recogniser.source.parent
    run = folder.parent if folder.name == BEST_FOLDER else folder
    sessions = read_sessions(run)
    sections = {
        "Training": _training(recogniser, run, sessions),
        "Data": _data(sessions),
        "Metrics": _metrics(recogniser, test, tested_on),
    }
    parts = [f"# {name}\n\n{network.name} of Krug et al. 2021 (Electronics 10(11):1350, Table 1): log-mel spectrograms "
             f"in, {WRITES[recogniser.alphabet.kind]} out, one set of logits per {2 * HOP_SAMPLES} samples."]
    parts += [f"## {heading}\n\n" + "\n".join(lines) for heading, lines in sections.items() if lines]
    parts += ["## Use\n\n" + _usage(name, is_compact), "## Layers\n\n" + _layers(network),
              "## Limits\n\n" + "\n".join(_limits())]
    versions: dict[str, str] = next((e["versions"] for e in reversed(sessions) if "versions" in e), {})
    made_with = {k: v for k, v in versions.items() if k != "platform"} or {"wavegan_tf": __version__}
    parts.append("## Made with\n\n" + "\n".join(f"- {program} {number}" for program, number in made_with.items()))
    return "\n\n".join(parts) + "\n"


def _training(recogniser: Recogniser, run: Path, sessions: list[dict[str, Any]]) -> list[str]:
    config, lines = recogniser.config, []
    if config is not None:
        lines += [f"- Width {config.width:g} (1 is the published network), {recogniser.network.count_params():,} "
                  "weights with moving statistics.",
                  f"- CTC, Adam, step size {config.learning_rate:g} after {config.warmup_steps} updates"
                  + (f", cosine to 0 over {config.decay_steps}" if config.decay_steps else "")
                  + f", batches of {config.batch_size}, seed {config.seed}. All settings: `config.json`."]
        if config.source:
            lines.append(f"- Transfer: started from weights with SHA-256 {config.source[:16]}....")
    seconds, timed, last = _time(run, sessions)
    if last:
        lines.append(f"- {last} updates in {seconds:.0f} s of training." if timed >= last else
                     f"- {last} updates; {timed} of them took {seconds:.0f} s, the others were in sessions that were "
                     "killed.")
    machines = [entry["machine"] for entry in sessions if isinstance(entry.get("machine"), dict)]
    if machines:
        gpus = ", ".join(machines[-1].get("gpus") or [])
        lines.append(f"- On {gpus or 'a CPU'}, {machines[-1].get('cpu_count')} cores"
                     + (f", {threads} threads." if (threads := machines[-1].get("intra_op_threads")) else "."))
    command = next((e["command"] for e in sessions if e.get("command")), "")
    if command:
        lines.append(f"- Command: `{_without_folders(command)}`")
    return lines


def _data(sessions: list[dict[str, Any]]) -> list[str]:
    """Name the data of every session: the end of its path, without the machine's part."""
    lines = []
    for entry in sessions:
        if isinstance(entry.get("data"), str):
            counts = [f"{entry[key]} {what}" for key, what in (("n_training", "training utterances"),
                                                              ("n_validation", "of held-out speakers")) if key in entry]
            parts = [Path(entry["data"]).name, *counts]
            parts += [f"fingerprint {entry['data_fingerprint']}"] if entry.get("data_fingerprint") else []
            lines.append("- " + ", ".join(parts))
    return list(dict.fromkeys(lines))


def _metrics(recogniser: Recogniser, test: Evaluation | None, tested_on: str) -> list[str]:
    lines, scores = [], recogniser.source.with_name(SCORES_NAME)
    if is_there(scores):
        values = read_json(scores, "validation scores", finite=False)
        step = values.pop("step", None)
        lines += [f"- Held-out speakers (they chose the weights: the best after {step} updates): {_scores(values)}."]
    if test is not None:
        n_symbols = test.errors.n_reference
        lines += [f"- {tested_on}, {len(test.transcripts)} utterances, {n_symbols} {test.alphabet.kind}s: "
                  f"{_scores(test.scalars())}."]
    return lines


def _scores(values: dict[str, Any]) -> str:
    rates = [f"{name.replace('_39', ' over 39 classes').replace('_', ' ')} {100 * value:.1f} %"
             for name, value in values.items() if name != "loss"]
    return ", ".join([*rates, f"loss {values['loss']:.3f}"])


def _usage(name: str, is_compact: bool) -> str:
    if is_compact:
        python = f"""import json
import keras
import numpy as np

network = keras.models.load_model("{name}/network.keras")  # Keras' own layers only
features = np.full([1, 206, {N_MELS}], -10.0)  # natural logarithm of mel power, one row per {HOP_SAMPLES} samples
logits = network(features)  # [batch, steps, classes]
classes = json.load(open("{name}/recogniser.json"))["classes"]"""
    else:
        python = f"""import tensorflow as tf

recogniser = tf.saved_model.load("{name}/saved_model")
found = recogniser.signatures["from_audio"](audio=tf.zeros([1, {RATE_HZ}]))
found["logits"]  # [batch, steps, classes]; the names of the classes are in recogniser.json"""
    note = ("Compact: kernels are rounded to 8 significant bits, and there is no SavedModel; "
            "`snap-tf asr export` of this folder writes one." if is_compact else
            f"Or `keras.models.load_model(\"{name}/network.keras\")`.")
    return f"""```python
{python}
```

{note} With snap-tf installed: `snap-tf asr transcribe {name} RECORDING`, `snap-tf saliency {name} RECORDING OUT`,
`snap-tf profile {name} --corpus DIR --group phone --out FILE`."""


def _layers(network: keras.Model) -> str:
    rows = ["| layer | paper | channels | steps per second | activation |", "|---|---|---|---|---|"]
    rows += [f"| {layer.name} | {layer.paper_name} | {layer.channels} | {layer.rate_hz:g} | {layer.activation} |"
             for layer in layers_of(network)]
    return "\n".join(rows)


def _limits() -> list[str]:
    return [f"- Audio at {RATE_HZ} Hz; spectrograms with {N_MELS} mel bands, windows of {N_FFT} samples, hops of "
            f"{HOP_SAMPLES}, natural logarithm, not normalised: recordings of another level are heard worse.",
            "- It knows the voices and sentences of its training data. A model of synthetic speech is for trying out "
            "the programs: what it does says nothing about human speech, and on recordings of people it errs mostly.",
            "- No language model. CTC writes a symbol somewhere near its sound, not at its place: alignment has to be "
            "measured (`snap-tf align-eval`)."]


def _time(run: Path, sessions: list[dict[str, Any]]) -> tuple[float, int, int]:
    """Add up how long the sessions took that ended, and their updates; find the last update of all.

    The last one is that of the metrics where a session was killed.
    """
    ended = finished_sessions(sessions)
    seconds = sum(duration for _, _, duration in ended)
    timed = sum(int(end["step"]) - int(start.get("step", 0)) for start, end, _ in ended)
    last = max((int(end["step"]) for _, end, _ in ended), default=0)
    metrics = run / METRICS_NAME
    last = max([last, *(int(row["step"]) for row in rows_until(metrics))])
    return seconds, timed, last


def _without_folders(command: str) -> str:
    """Leave the folders of a machine out of a command line."""
    words = command.split(" ")
    return " ".join(Path(word).name if word.startswith(("/", "~")) else word for word in words)
