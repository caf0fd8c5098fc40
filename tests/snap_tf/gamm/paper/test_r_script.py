"""model.R gives R's mgcv the same model: where R is installed it is run, and prints the same numbers."""

import functools
import shutil
import subprocess
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from snap_tf.gamm import GammFit, fit_layers, gamm, gamm_words, r_script, read_table


@functools.cache
def r_with_mgcv() -> bool:
    program = shutil.which("Rscript")
    return program is not None and subprocess.run([program, "-e", "library(mgcv)"], capture_output=True,
                                                  check=False).returncode == 0


def table(seed: int = 0) -> pd.DataFrame:
    """Six speakers, two words, two repetitions, ten steps; a covariate of tokens, counts and hits."""
    rng = np.random.default_rng(seed)
    time, parts = np.linspace(0, 1, 10), []
    for speaker in range(6):
        own = rng.normal(0, 0.4, 2)
        for word, size in (("wash", 0.0), ("ask", 1.0)):
            for take in range(2):
                dur = rng.uniform(0.1, 0.4)
                curve = np.sin(3 * time) + size * time**2 + own[0] + own[1] * time + dur
                value = curve + rng.normal(0, 0.2, 10)
                parts.append(pd.DataFrame({
                    "Speaker": f"S{speaker}", "Word": word, "Token": f"{word}{speaker}{take}", "Time": time.round(4),
                    "Dur": round(dur, 4), "Sex": "FM"[speaker % 2], "IsF": 1 - speaker % 2, "Value": value.round(5),
                    "Count": rng.poisson(np.exp(curve / 2)), "Hit": rng.uniform(size=10) < 0.5 + curve / 8,
                    "Trials": rng.integers(5, 12, 10)}))
    data = pd.concat(parts, ignore_index=True)
    return data.assign(Share=(rng.binomial(data["Trials"], 0.4) / data["Trials"]).round(8))


WORDS = "Word + s(Time, k=6) + s(Time, by=as.ordered(Word), k=6)"
MODELS: dict[str, tuple[str, dict]] = {
    "speakers": (f'Value ~ {WORDS} + s(Time, Speaker, bs="fs", m=1, k=4)', {}),
    "autocorrelation": (f'Value ~ {WORDS} + s(Speaker, bs="re")', {"rho": 0.3, "token": "Token"}),
    "slopes": (f'Value ~ {WORDS} + s(Speaker, bs="re") + s(Speaker, Time, bs="re") + s(Speaker, Word, bs="re")', {}),
    "pairs": (f'Value ~ {WORDS} + s(interaction(Speaker, Word), bs="re")', {}),
    "two factors": ('Value ~ Word*Sex + s(Time, k=6) + s(Time, by=ordered(Sex), k=5) + s(Speaker, bs="re")', {}),
    "numeric by": ('Value ~ Word + s(Time, k=6) + s(Time, by=IsF, k=5) + s(Speaker, bs="re")', {}),
    "surface": ('Value ~ Word + s(Time, k=6) + s(Dur, k=5) + ti(Time, Dur, k=c(4, 3)) + s(Speaker, bs="re")', {}),
    "cubic bases": ('Value ~ log(Dur) + I(IsF^2) + s(Time, by=factor(Word), bs="cr", k=6) + s(Dur, bs="cc", k=5)',
                    {"method": "ML"}),
    "select": (f"Value ~ {WORDS}", {"select": True}),
    "knots and weights": ("Value ~ Word + s(Time, k=5)", {"knots": 7, "weights": "Trials"}),
    "binomial": ('Share ~ Word + s(Time, k=6) + s(Speaker, bs="re")', {"family": "binomial", "weights": "Trials"}),
    "true and false": ('Hit ~ Word + s(Time, k=6)', {"family": "binomial"}),
    "poisson": ('Count ~ Word + s(Time, k=6) + s(Speaker, bs="re") + offset(log(Trials))', {"family": "poisson"}),
    "scat": (f'Value ~ {WORDS} + s(Speaker, bs="re")', {"family": "scat"}),
}


def in_r(script: str, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series, str]:
    """Run a script as it is: parametric table, smooth table, figures of the whole fit, and what it prints."""
    (folder / "model.R").write_text(script, encoding="utf-8")
    more = ("s <- summary(m)\n"
            "write.csv(data.frame(term = rownames(s$p.table), s$p.table), 'p.csv', row.names = FALSE)\n"
            "write.csv(data.frame(term = rownames(s$s.table), s$s.table), 's.csv', row.names = FALSE)\n"
            "write.csv(data.frame(score = as.numeric(m$gcv.ubre), r_sq = s$r.sq, explained = s$dev.expl, n = s$n,\n"
            "                     edf = sum(m$edf)), 'f.csv', row.names = FALSE)\n")
    (folder / "run.R").write_text(f"source('model.R', encoding = 'UTF-8')\n{more}", encoding="utf-8")
    done = subprocess.run(["Rscript", "run.R"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    parametric, smooths = (pd.read_csv(folder / name) for name in ("p.csv", "s.csv"))
    parametric.columns = ["term", "estimate", "se", "statistic", "p"]
    smooths.columns = ["term", "edf", "ref_df", "statistic", "p"]
    return parametric, smooths, pd.read_csv(folder / "f.csv").iloc[0], done.stdout


def check_same(fit: GammFit, script: str, folder: Path, edf: float = 2e-3) -> None:
    parametric, smooths, whole, printed = in_r(script, folder)
    ours = fit.parametric.set_index("term")
    if set(ours.index) == set(parametric["term"]):  # patsy orders terms otherwise than R
        ours = ours.loc[parametric["term"]]
    assert len(ours) == len(parametric)
    se = parametric["se"].to_numpy()
    assert np.abs((ours["estimate"].to_numpy() - parametric["estimate"].to_numpy()) / se).max() < 1e-3
    np.testing.assert_allclose(ours["se"], se, rtol=1e-3)
    np.testing.assert_allclose(fit.smooths["edf"], smooths["edf"], atol=edf, rtol=edf)
    assert whole["score"] == pytest.approx(fit.score, abs=1e-3) and whole["n"] == fit.n
    assert whole["edf"] == pytest.approx(fit.edf_total, abs=2 * edf, rel=edf)
    assert "Parametric coefficients:" in printed and "Approximate significance of smooth terms:" in printed
    for estimate in ours["estimate"]:  # as R prints it, in the summary
        assert any(abs(float(word) - estimate) < 2e-2 * abs(estimate) + 1e-4 for word in printed.split()
                   if word.replace("-", "", 1).replace(".", "", 1).replace("e-", "", 1).isdigit())


@pytest.mark.skipif(not r_with_mgcv(), reason="R with mgcv is not installed")
@pytest.mark.parametrize("name", [name if i == 0 else pytest.param(name, marks=pytest.mark.slow)
                                  for i, name in enumerate(MODELS)])
def test_r_gives_the_same_numbers(name: str, tmp_path: Path) -> None:
    formula, options = MODELS[name]
    table().to_csv(tmp_path / "long.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = gamm(formula, read_table(tmp_path / "long.csv"), **options)
    check_same(fit, r_script(fit, "long.csv"), tmp_path)


@pytest.mark.skipif(not r_with_mgcv(), reason="R with mgcv is not installed")
def test_r_reads_any_names_missing_cells_and_rows_in_any_order(tmp_path: Path) -> None:
    data = table().rename(columns={"Value": "F2 (Hz)", "Word": "wörd"})
    data["wörd"] = data["wörd"].replace({"ask": "=ʃ", "wash": 'a"b\\'})
    data["Speaker"] = data["Speaker"].str.replace("S", "00")
    data = data.astype({"F2 (Hz)": object})
    data.loc[[3, 50], "F2 (Hz)"] = ["", "NA"]
    data = data.sample(frac=1, random_state=2)
    data.to_csv(tmp_path / "long.tsv", index=False, sep="\t")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = gamm_words(read_table(tmp_path / "long.tsv", labels=("Speaker",)), value="F2 (Hz)", time="Time",
                         group="wörd", token="Token", random="intercept", speaker="Speaker", k=6, rho=0.2)
    assert fit.n == 238 and fit.n_left_out == 2
    check_same(fit, r_script(fit, "long.tsv"), tmp_path)


@pytest.mark.skipif(not r_with_mgcv(), reason="R with mgcv is not installed")
def test_r_fits_the_rows_of_a_layer_with_starts_alone(tmp_path: Path) -> None:
    data = pd.concat([table(seed).assign(layer=layer) for seed, layer in enumerate(("Conv1", "Conv2"))])
    data = data.assign(Start=(data["Time"] == 0).astype(int)).drop(columns="Token")
    data.to_csv(tmp_path / "long.csv", index=False)
    fit = fit_layers(read_table(tmp_path / "long.csv"), layer="layer", layers=["Conv2"], start="Start", rho=0.4,
                     formula=f"Value ~ {WORDS}")["Conv2"]
    script = r_script(fit, "long.csv", rows={"layer": "Conv2"})
    assert "series_start <- seq_len(nrow(d)) %in% c(1, 11, 21, " in script
    check_same(fit, script, tmp_path)


def test_the_script_of_a_model_known_by_hand(tmp_path: Path) -> None:
    fit = gamm(f'Value ~ {WORDS} + s(interaction(Speaker, Word), bs="re")', table(), rho=0.25, token="Token")
    assert r_script(fit, "C:/my data/long.csv") == """\
# The model that snap_tf fitted, for R: mgcv gives the same numbers.
library(mgcv)
d <- read.csv("C:/my data/long.csv", colClasses = "character", na.strings = c("", "NA"), check.names = FALSE)
d$Value <- as.numeric(d$Value)
d$Time <- as.numeric(d$Time)
d$Word <- factor(d$Word, levels = c("wash", "ask"))
d$WordO <- as.ordered(d$Word)
contrasts(d$WordO) <- "contr.treatment"
d$Token <- factor(d$Token)
d$SpeakerWord <- factor(paste(d$Speaker, d$Word, sep = "."))
d$series_start <- !duplicated(d$Token)
m <- bam(Value ~ Word + s(Time, bs = "tp", k = 6) + s(Time, by = WordO, bs = "tp", k = 6) +
    s(SpeakerWord, bs = "re"), data = d, method = "fREML", rho = 0.25, AR.start = series_start,
    chunk.size = nrow(d) + 1)
print(summary(m))
"""
