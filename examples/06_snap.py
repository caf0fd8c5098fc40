"""Which part of a spectrogram decides that a recogniser writes a phone: saliency-adjusted activation profiles (SNAPs).

    python examples/06_snap.py RESULTS      (the folder of example 05)

Krug et al. 2021: every frame of 1.6 s gives activations and their saliency for the phone that the network writes at
its middle; both are moved so that the most relevant step comes to the middle, and averaged for every phone.
"""

import sys
from pathlib import Path

from snap_tf.plots import profiles_figure, write_figure
from snap_tf.snap import ProfileOptions, alignment_summary, cluster_profiles, profile, write_profiles
from wavegan_tf.data import open_corpus


def main(results: Path) -> None:
    """Make profiles in one pass, evaluate their alignment, cluster the phones."""
    corpus = open_corpus(results / "corpus")

    # One pass over all frames keeps sums, never frames; two groupings at once. A frame every 20 steps (160 ms) is
    # quick; the paper's frames are closer. A network that has learned little writes blanks; "nonblank" keeps frames.
    options = ProfileOptions(mode="utterance", hop_steps=20, blank="nonblank")
    found = profile(results / "recogniser", corpus, options, groups=("phone", "predicted"))
    write_profiles(found, results / "profiles.npz")

    # SNAPs of the phones that are annotated at the middle: one array [phones, steps, feature maps] per layer.
    snaps = found.profiles("snap", "phone", min_frames=2)
    print({name: layer.values.shape for name, layer in snaps.layers.items()})
    write_figure(profiles_figure(snaps, ("iy", "ae", "s", "sh")), results / "snaps")

    # Is the step that decided a prediction where the corpus has that phone, and more often than one step that is the
    # same in every frame, for which a network's delay would be enough?
    summary = alignment_summary(found.alignment["phone"], found.layers[0].rate_hz)
    print(f"predicted phone annotated at the middle: {summary.centre:.1%} of {summary.n_frames} frames; at the most "
          f"relevant step: {summary.aligned:.1%}; {1000 * summary.constant_offset_s:+.0f} ms from the middle: "
          f"{summary.constant:.1%}; anywhere in the frame: {summary.ceiling:.1%}")

    # Which phones are alike in a layer: complete linkage, cut at four heights as in the paper.
    for name, clusters in cluster_profiles(snaps).items():
        alike = [" ".join(phones) for phones in clusters.best_cut().members(clusters.groups, 3)]
        print(f"{name}: mean silhouette {clusters.mean_silhouette:.2f}; {' | '.join(alike)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
