"""What was left out, silent or decided is printed by every command that knows of it: a notice nobody prints is lost."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from snap_tf.cli import main
from snap_tf.layer_info import LeftOut
from wavegan_tf.data.corpus import Corpus, Problem

probe = SimpleNamespace(left_out=(LeftOut("odd", "it has no time"),), config=None, rate_hz=16000.0, input_shape=(64, 1))
network = SimpleNamespace(probe=probe, opened=probe, left_out=probe.left_out)
clips = SimpleNamespace(silent={"quiet.wav"}, left_out=(("b.txt", "no audio"),))
corpus = Corpus(Path(), (), (Problem("lost.wav", "it is truncated", "unreadable recording"),), ("times were scaled",))
LAYERS = "layer left out: odd: it has no time"
SILENT = "note: 1 clips are silent, below two steps of 16 bits, and went in as zeros: quiet.wav"
FILES = "note: 1 files of the folder were left out (first: b.txt: no audio)"
MET = "unreadable recording 1 (first: lost.wav: it is truncated)"
SCALED = "note: times were scaled"

OPEN = {"snap_tf.snap.network.networks.open_network": network, "snap_tf.commands.profile.clips_of": clips,
        "snap_tf.commands.sanity.clips_of": clips, "wavegan_tf.data.corpora.readers.open_corpus": corpus,
        "snap_tf.commands.profile._report": None, "snap_tf.snap.profiles.profile_file.write_profiles": None,
        "snap_tf.snap.profiles.profiling.profile": None, "snap_tf.snap.sanity.checks.sanity_checks": "",
        "snap_tf.probe.probe": network,
        "snap_tf.snap.sanity.sanity_folder.write_sanity": None, "snap_tf.series.extraction.extract.write_layers": "",
        "snap_tf.series.extraction.stimuli.find_stimuli": SimpleNamespace(notes=("times were scaled",)),
        "snap_tf.snap.saliency.heard.open_listener": network, "snap_tf.plots.snap.saliency.write_saliency": (),
        "snap_tf.snap.saliency.saliency_maps.saliency_map": SimpleNamespace(
            target=SimpleNamespace(name="s", time_s=None, logit=1.0, probability=0.5)),
        "snap_tf.series.latents.generators.open_generator": network,
        "snap_tf.series.latents.interpolation.interpolate": SimpleNamespace(
            summary=pd.DataFrame({"seed": ["all"], "rate_hz": 1, "n_bases": 1}), store=SimpleNamespace(tokens=()))}

CASES = {
    "profile of clips": (["profile", "MODEL", "--clips", "DIR", "--out", "TMP/out.npz"], [LAYERS, SILENT, FILES]),
    "profile of a corpus": (["profile", "MODEL", "--corpus", "DIR", "--out", "TMP/out.npz"], [LAYERS, SCALED, MET]),
    "sanity of clips": (["sanity", "MODEL", "TMP/out", "--clips", "DIR"], [LAYERS, SILENT, FILES]),
    "sanity of a corpus": (["sanity", "MODEL", "TMP/out", "--corpus", "DIR"], [LAYERS, SCALED, MET]),
    "layers": (["layers", "MODEL", "DIR", "TMP/out"], [SCALED]),
    "saliency": (["saliency", "MODEL", "AUDIO", "TMP/out"], [LAYERS]),
    "interpolate": (["interpolate", "MODEL", "TMP/out", "--variable", "3", "--no-figures"], [LAYERS]),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_printed(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                       capsys: pytest.CaptureFixture[str]) -> None:
    argv, expected = CASES[case]
    for name, result in OPEN.items():
        monkeypatch.setattr(name, _giving(result))
    assert main([word.replace("TMP", str(tmp_path)) for word in argv]) == 0
    printed = capsys.readouterr()
    assert [line for line in expected if line not in printed.out] == [], printed.err


def _giving(result: object) -> Callable[..., object]:
    return lambda *args, **how: result
