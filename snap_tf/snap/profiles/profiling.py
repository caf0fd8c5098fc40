"""The pass over the data: frames in, sums of activations and saliency out, in constant memory.

Source: Krug et al. 2021, section 3.3.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from tqdm import tqdm

from snap_tf.snap.frames.frame_blocks import FrameSource
from snap_tf.snap.network.model_view import ModelView
from snap_tf.snap.network.networks import INPUT, RECOGNISER_FRAME_STEPS, Network, open_network
from snap_tf.snap.network.targets import Choose, make_target
from snap_tf.snap.profiles.profile_file import ProfileFile
from snap_tf.snap.profiles.profile_pass import PERMUTED, NamedGrouping, ProfilePass
from snap_tf.snap.profiles.sums import quantities_of
from snap_tf.snap.settings import ProfileOptions
from wavegan_tf.errors import ConfigError, DataError
from wavegan_tf.memory import available_memory_bytes
from wavegan_tf.tensors import KerasModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from snap_tf.asr.runs import Recogniser
    from wavegan_tf.data.corpus import Corpus

__all__ = ["ProfilePass", "frame_source", "profile", "start_pass", "unknown_annotations"]


def profile(model: Network | Recogniser | KerasModel | str | Path, data: Corpus | FrameSource | ArrayLike,
            options: ProfileOptions | None = None, *, groups: Sequence[str] = ("predicted",),
            choose: Choose | None = None, shard: tuple[int, int] = (1, 1), batch_size: int | None = None,
            memory_budget_bytes: int | None = None, split: str = "all", progress: bool = True, **network: Any
            ) -> ProfileFile:
    """Compute the sums from which SNAPs, NAPs and NAvAIs follow, for all groupings in one pass over the data.

    Args:
        model: run or exported model of `snap-tf asr` or `wavegan-tf`, Keras file, Keras model, or what
            `networks.open_network` returned.
        data: a corpus (`wavegan_tf.data.corpus.Corpus`) for networks that take log-mel spectrograms; an array
            [n_clips, ...] of whatever the network takes; or any `frames.FrameSource`, such as
            `clip_frames.ClipFrames` with labels.
        options: every choice; the defaults are the paper's.
        groups: names of groupings, see `groupings.find_grouping`; `permuted:` before one shuffles its groups.
        choose: for `target="callable"`: from float32 [n_frames, units] at the target step to int [n_frames].
        shard: (i, n), take the i-th of n parts of the data, from 1; `profile_file.merge_profiles` adds parts up.
        batch_size: frames at a time; by the size of the network by default.
        memory_budget_bytes: what the sums may take; by default nine tenths of what is available.
        split: of a corpus: its own split, or `all`.
        progress: show a bar on stderr.
        network: options of `networks.open_network`: layers, part, step, rate_hz, classes.

    Returns:
        A `ProfileFile`: `.profiles("snap", "phone")` finalises it, `profile_file.write_profiles` writes it. Its
        `source["notice"]` says where a mode could not be had, or a layer has no saliency.

    Raises:
        ConfigError: options that do not go with the network or the data.
        DataError: no frames, no phones to group by, sums that do not fit into memory.
        ExportError: the model cannot be read, or gives NaN.

    Source: Krug et al. 2021, section 3.3.

    Example:
        >>> from snap_tf.snap import profile, small_clips
        >>> network, clips = small_clips()
        >>> found = profile(network, clips, groups=("label:word",), progress=False)
        >>> snaps = found.profiles("snap")
        >>> snaps.groups, snaps.layers["input"].values.shape
        (('ask', 'suit', 'wash', 'year'), (4, 20, 4))
    """
    i, n = shard
    if not 1 <= i <= n:
        raise ConfigError(f"`shard` (={i}/{n}) must be a part of the whole: I/N, with I from 1 to N")
    options = options or ProfileOptions()
    opened = open_network(model, **network)
    source = frame_source(opened, data, options, split)
    run = start_pass(opened, source, options, groups=groups, choose=choose, batch_size=batch_size,
                     memory_budget_bytes=memory_budget_bytes, progress=progress)
    for number in tqdm(range(i - 1, source.n_blocks, n), "profiles", unit="utt" if source.of_utterances else "block",
                       mininterval=0.2 if sys.stderr.isatty() else 10.0, disable=not progress):
        run.add(number)
    return run.result(shard)


def start_pass(network: Network, source: FrameSource, options: ProfileOptions, *,
               groups: Sequence[str] = ("predicted",), choose: Choose | None = None, batch_size: int | None = None,
               memory_budget_bytes: int | None = None, progress: bool = False) -> ProfilePass:
    """Prepare what `profile` does, for loops of one's own: `add` the numbers of blocks, then take the `result`.

    See `profile` for the arguments and errors.
    """
    if len(set(groups)) != len(groups) or not groups:
        raise ConfigError(f"`groups` (={', '.join(groups)}) must name at least one grouping, each once")
    if options.frame_steps not in (0, source.frame_shape[0]):
        raise ConfigError(f"`frame_steps` (={options.frame_steps}) must be left out for {source.name}, whose frames "
                          f"have {source.frame_shape[0]} steps")
    unknown = unknown_annotations(network, source, groups)
    target = make_target(network, options, choose)
    view = ModelView(network, options, target, source.frame_shape, utterances=source.of_utterances,
                     batch_size=batch_size)
    groupings = [NamedGrouping(text, source, target, network) for text in groups]
    names = [grouping.name for grouping in groupings]
    if twice := [text for text, name in zip(groups, names, strict=True) if names.count(name) > 1]:
        raise ConfigError(f"`groups` (={', '.join(twice)}) must have different names; all would be called "
                          f"{names[groups.index(twice[0])]}; rename a table")
    quantities = quantities_of(options.kept_kinds, options.mask)
    _check_memory(view, groupings, quantities, options, memory_budget_bytes)
    run = ProfilePass(view, source, options, groupings, quantities, unknown)
    run.prepare(progress)
    return run


def frame_source(network: Network, data: Corpus | FrameSource | ArrayLike, options: ProfileOptions, split: str = "all"
                 ) -> FrameSource:
    """Make frames of whatever was given; see `profile`."""
    from snap_tf.snap.frames.clip_frames import ClipFrames
    from snap_tf.snap.frames.frame_blocks import UtteranceFrames

    if hasattr(data, "block"):
        return cast(FrameSource, data)
    if hasattr(data, "utterances"):
        if len(network.probe.input_shape) != 2 or network.probe.input_shape[1] != 128:
            raise ConfigError(f"`data` (=a corpus) must go with a network that takes log-mel spectrograms; "
                              f"{network.probe.name} takes {list(network.probe.input_shape)}; give clips")
        length = network.probe.input_shape[0]
        return UtteranceFrames(cast("Corpus", data), options.frame_steps or length or RECOGNISER_FRAME_STEPS,
                               options.hop_steps, options.ends, split=split)
    try:
        clips = np.asarray(data)
    except ValueError as error:
        raise DataError(f"`data` (={len(cast(Sized, data))} arrays) must be of one shape each; {error}") from None
    return ClipFrames(clips, rate_hz=network.probe.rate_hz)


def unknown_annotations(network: Network, source: FrameSource, groups: Sequence[str]) -> str:
    """Say which phones a phone recogniser does not know: their frames could never be right.

    Returns:
        A notice that annotations are not compared with predictions, or nothing.

    Raises:
        DataError: frames are to be grouped by them.
    """
    if network.writes != "phone" or source.annotations is None:
        return ""
    unknown = [label for label in source.annotations if label not in network.classes]
    if not unknown:
        return ""
    # as they are: Python would write SAMPA's r\ with two strokes
    named = f"{', '.join(f'`{label}`' for label in unknown[:12])}{' and others' if len(unknown) > 12 else ''}"
    if any(text.removeprefix(PERMUTED) == "phone" for text in groups):
        raise DataError(f"phones of {source.name} must be among those that the network writes; not among them: "
                        f"{named}; the network writes {' '.join(network.classes)}; say what they are with --phone-map "
                        "(ipa-mfa, arpabet-mfa, sampa-webmaus, or a CSV of label and phone), or use --group predicted")
    return (f"annotated phones were not compared with predicted ones, which do not know {named}; --phone-map says what "
            "they are")


def _check_memory(view: ModelView, groupings: Sequence[NamedGrouping], quantities: Sequence[str],
                  options: ProfileOptions, budget: int | None) -> None:
    """Refuse sums that do not fit, before anything is computed."""
    rows = sum(len(grouping.groups) + 1 for grouping in groupings) * options.folds
    values = {layer.name: max(layer.steps or 0, 1) * layer.channels for layer in view.layers}
    needed = 8 * rows * sum(values[INPUT] if q == "navai" else sum(values.values()) for q in quantities)
    there = int(0.9 * available_memory_bytes()) if budget is None else budget
    if needed > there:
        raise DataError(f"sums (={needed / 2**30:.1f} GiB) must fit into memory; {there / 2**30:.1f} GiB are there; "
                        "name fewer groupings, --layers, --folds or --kinds")
