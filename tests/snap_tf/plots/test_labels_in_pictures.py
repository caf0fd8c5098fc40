"""Labels are drawn as they are written: no formulas, no control characters, nothing that ends in a traceback."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import snap_tf.cli
from snap_tf.plots.style import PlainFigure, write_figure
from wavegan_tf.training.pictures import spectrogram_picture

LABELS = [r"$\frac{$", "$x$", r"\$", "a$b$c", "caf\udce9", "a\x1b[31m", "x_1^2", "", "\x00"]


@pytest.mark.parametrize("label", LABELS)
def test_words_of_every_part_of_a_figure_are_drawn_as_they_are(tmp_path: Path, label: str) -> None:
    figure = PlainFigure(figsize=(2, 2), layout="constrained")
    axes = figure.subplots()
    axes.plot([1, 2], [1, 2], label=label or "x")
    axes.set_xticks([1, 2], [label, label])
    axes.set(title=label, xlabel=label)
    axes.annotate(label, (1, 1))
    axes.legend(title=label)
    figure.suptitle(label)
    kinds = ("png", "pdf", "svg") if label == LABELS[0] else ("png",)
    files = write_figure(figure, tmp_path / "a", kinds, dpi=40, numbers=pd.DataFrame({"word": [label]}))
    assert all(file.stat().st_size for file in files)
    texts = figure.findobj(Text)
    assert len(texts) > 8 and not any(text.get_parse_math() for text in texts)
    if label.isprintable():
        assert sum(text.get_text() == label for text in texts) >= 6 or not label
    else:
        assert not any("\x1b" in text.get_text() or "\x00" in text.get_text() for text in texts)


def test_a_formula_is_as_wide_as_its_signs() -> None:
    def width(figure: Figure, label: str) -> float:
        text = figure.text(0, 0, label)
        FigureCanvasAgg(figure).draw()
        return text.get_window_extent().width

    assert width(PlainFigure(), "$x^2$") > 1.5 * width(Figure(), "$x^2$")


def test_spectrograms_have_such_titles() -> None:
    sounds = np.random.default_rng(1).normal(size=(2, 800)) / 9
    assert spectrogram_picture(sounds, 8000, [r"$\frac{$", "caf\udce9\x1b"]).ndim == 3


def test_a_model_of_such_words_is_written_whole(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    words = [r"$\frac{$", "=1+1", "caf\x1b"]
    rows = [{"Word": word, "Token": f"{k}-{i}", "Sample": t, "Value": random.normal() + k * t / 10}
            for k, word in enumerate(words) for i in range(4) for t in range(12)]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    code = snap_tf.cli.main(["gamm", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out"), "--value", "Value",
                             "--time", "Sample", "--group", "Word", "--token", "Token"])
    assert code == 0
    assert (tmp_path / "out/curves.png").is_file()
    text = (tmp_path / "out/curves.csv").read_text(encoding="utf-8")
    assert r"$\frac{$" in text and "'=1+1" in text and "\n=1+1" not in text and "\x1b" not in text
