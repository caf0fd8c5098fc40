"""How often GAMMs of word curves call words different that do not differ, without and with speakers in the model.

    python benchmarks/gamm_speakers.py [--tables 200] [--out FILE.csv]

Simulated tables: 8 speakers x 9 tokens (3 words x 3 repetitions, 15 samples), tokens with curves of their own, AR(1)
errors, no difference between words. Three kinds: speakers differ in their curves; they differ in how they say each
word, too; every speaker says one word only. A table counts when the test of a curve (`difference_tests`) is below .05
for a pair of words, corrected by Holm's rule. Models: the published one; with by-speaker smooths; with by-speaker and
by-speaker-and-word smooths. What FILE.csv has is not fitted again. The last line is one JSON object.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import pandas as pd

from snap_tf.gamm import (
    GammFit,
    GammWarning,
    RandomTerm,
    adjust,
    difference_tests,
    fit_model,
    gamm_words,
    simulate_speakers,
    word_model,
)

KINDS = {"speakers differ": {}, "speakers differ in words": {"speaker_by_word": 0.2},
         "one word each": {"one_word_each": True}}
MODELS = ("published", "speaker", "default")


def fit(table: pd.DataFrame, model: str) -> GammFit:
    """Fit the published model, that with by-speaker smooths alone, or what `gamm_words` takes by itself."""
    if model != "speaker":
        return gamm_words(table, rho="auto", speaker=None if model == "published" else "auto")
    words = word_model(value="value", time="time_s", group="label", token="token")
    random = (*words.random, RandomTerm("speaker", "time_s", 9, 1))
    return fit_model(type(words)(words.response, words.parametric, words.smooths, random), table, rho="auto",
                     token="token")


def main() -> None:
    """Fit what is missing, and print the shares with their 95 % intervals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=200, help="tables of each kind, seeds 0 and on (default: 200)")
    parser.add_argument("--out", type=Path, default=Path("gamm_speakers.csv"), help="results, to go on from")
    args = parser.parse_args()
    warnings.simplefilter("ignore", GammWarning)
    known = {} if not args.out.exists() else {
        (row.kind, row.model, row.seed): row.different for row in pd.read_csv(args.out).itertuples()}
    if not known:
        args.out.write_text("kind,model,seed,different\n", encoding="utf-8")
    jobs = [(kind, model, seed) for seed in range(args.tables) for kind in KINDS for model in MODELS]
    for i, (kind, model, seed) in enumerate(jobs, 1):
        if (kind, model, seed) not in known:
            table = simulate_speakers(seed=seed, **KINDS[kind])
            p = adjust(difference_tests(fit(table, model))["p"].to_numpy())
            known[kind, model, seed] = int((p < 0.05).any())
            with args.out.open("a", encoding="utf-8") as file:
                file.write(f"{kind},{model},{seed},{known[kind, model, seed]}\n")
        print(f"\r{'#' * (40 * i // len(jobs)):40} {i} of {len(jobs)} fits", end="", file=sys.stderr)
    print(file=sys.stderr)
    found = {}
    for kind in KINDS:
        for model in MODELS:
            hits = [known[kind, model, seed] for seed in range(args.tables)]
            low, high = interval(sum(hits), len(hits))
            found[f"{kind}, {model}"] = sum(hits) / len(hits)
            print(f"{kind:25} {model:10} {100 * sum(hits) / len(hits):5.1f} %   ({100 * low:.1f} to {100 * high:.1f})")
    print(json.dumps({"tables": args.tables, **found}))


def interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.959964, hits / n
    middle, half = share + z**2 / (2 * n), z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


if __name__ == "__main__":
    main()
