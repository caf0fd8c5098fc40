"""The model card (`CARD.md`): kind of model, training, use, layers, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wavegan_tf.config import RunConfig
from wavegan_tf.export.metadata import ModelMetadata

__all__ = ["model_card", "model_kind"]

_KINDS = {"none": "WaveGAN", "onehot": "ciwGAN (one-hot code)", "binary": "fiwGAN (binary code)"}


def model_kind(config: RunConfig) -> str:
    """Name the kind of model: WaveGAN, ciwGAN or fiwGAN, with the size of its code."""
    network = config.network
    unit = {"none": "", "onehot": f", {network.code_dim} classes", "binary": f", {network.code_dim} bits"}
    return _KINDS[network.code] + unit[network.code]


def model_card(metadata: ModelMetadata, name: str, facts: Mapping[str, list[str]],
               limits: Sequence[str] = ()) -> str:
    """Write the model card as Markdown.

    Args:
        metadata: settings, step, layers, versions.
        name: of the model, for the title.
        facts: further sections: lines by heading, such as data and metrics.
        limits: what this model in particular does not show, one sentence each.
    """
    config = metadata.config
    sections = [
        f"# {name}\n\n{model_kind(config)}: {_sizes(config)}.",
        "## Training\n\n" + "\n".join(_training(metadata)),
        *(f"## {heading}\n\n" + "\n".join(lines) for heading, lines in facts.items()),
        "## Use\n\n" + _usage(config, name),
        "## Layers\n\nAfter the activation; phase shuffle is off.\n\n" + _layers(metadata),
        "## Limits\n\n" + "\n".join([*_limits(config), *(f"- {limit}" for limit in limits)]),
        "## Made with\n\n" + "\n".join(f"- {program} {number}" for program, number in metadata.versions.items()),
    ]
    return "\n\n".join(sections) + "\n"


def _sizes(config: RunConfig) -> str:
    network, rate_hz = config.network, config.data.sample_rate_hz
    channels = "mono" if network.channels == 1 else f"{network.channels} channels"
    return (f"{network.slice_len} samples at {rate_hz} Hz ({network.slice_len / rate_hz:.3f} s), {channels}, "
            f"{network.latent_dim} latent values, `dim` {network.dim}")


def _training(metadata: ModelMetadata) -> list[str]:
    train = metadata.config.train
    lines = [f"- From {metadata.source}.",
             f"- {metadata.step} steps, that is updates of the generator; {metadata.step * train.disc_nupdates} "
             f"updates of the discriminator, each on a batch of {train.batch_size}.",
             f"- Loss {train.loss}, seed {train.seed}, {train.precision}.",
             "- All settings: `config.json`."]
    lines += [f"- {network}: {count:,} weights." for network, count in metadata.parameters.items()]
    return lines


def _usage(config: RunConfig, name: str) -> str:
    network = config.network
    rows = [("generate", f"`z` [batch, {network.latent_dim}]",
             f"`audio` [batch, {network.slice_len}, {network.channels}]"),
            ("discriminate", f"`audio` [batch, {network.slice_len}, {network.channels}]", "`score` [batch]")]
    if network.code != "none":
        rows.append(("classify", "`audio`", f"`logits`, `probabilities` [batch, {network.code_dim}]"))
        rows.append(("classifier_layers", "`audio`", "one output per layer of the Q-network"))
    rows += [("generator_layers", "`z`", "one output per layer of the generator"),
             ("discriminator_layers", "`audio`", "one output per layer of the discriminator")]
    table = "\n".join(f"| `{signature}` | {takes} | {gives} |" for signature, takes, gives in rows)
    return f"""```python
import tensorflow as tf

model = tf.saved_model.load("{name}")
z = {_example_z(config)}
audio = model.signatures["generate"](z=z)["audio"]
```

| signature | takes (float32) | gives (float32) |
|---|---|---|
{table}

Inputs of another shape are an error; an empty batch gives empty results. `model.metadata()` returns the text of
`model.json`. A SavedModel is a program that may read and write files: load only those whose maker you know.
With wavegan-tf installed, which reads the numbers and does not run the program:
`wavegan-tf generate {name} OUT -n 10`{_classify_command(config, name)}."""


def _example_z(config: RunConfig) -> str:
    network = config.network
    noise = f"tf.random.uniform([4, {network.latent_dim - network.code_dim}], -1, 1)"
    if network.code == "none":
        return noise
    code = (f"tf.one_hot([0, 0, 1, 1], {network.code_dim})" if network.code == "onehot" else
            f"tf.cast(tf.random.uniform([4, {network.code_dim}]) < 0.5, tf.float32)")
    return f"tf.concat([{code}, {noise}], axis=1)  # the code comes first"


def _classify_command(config: RunConfig, name: str) -> str:
    return "" if config.network.code == "none" else f", `wavegan-tf classify {name} FOLDER OUT.csv`"


def _layers(metadata: ModelMetadata) -> str:
    rows = ["| network | layer | paper | steps | channels | rate (Hz) | activation |", "|---|---|---|---|---|---|---|"]
    for network, taps in metadata.layers.items():
        rows += [f"| {network} | {tap.name} | {tap.paper_name} | {tap.steps or '-'} | {tap.channels} | "
                 f"{f'{tap.rate_hz:g}' if tap.steps else '-'} | {tap.activation} |" for tap in taps]
    return "\n".join(rows)


def _limits(config: RunConfig) -> list[str]:
    network, data = config.network, config.data
    scaled = "each file scaled to a peak of 1" if data.normalize else "not scaled"
    lines = [f"- Audio goes in with exactly {network.slice_len} samples at {data.sample_rate_hz} Hz; training audio "
             f"was {scaled}: treat yours the same.",
             "- What it generates resembles its training data; it is no text-to-speech system, and voices in the data "
             "may be recognisable."]
    if network.code != "none":
        lines.append("- The Q-network was trained on generated audio only. Its codes have no meaning by themselves: "
                     "which code goes with which word is found by comparison, and differs from run to run.")
    if network.batchnorm == "tf1":
        lines.append("- Batch normalisation as in the original: the discriminator and the Q-network use the statistics "
                     "of the batch they are given, so that an answer depends on what else is in the batch.")
    if network.post_filter:
        lines.append("- The post filter may take the output beyond [-1, 1].")
    return lines
