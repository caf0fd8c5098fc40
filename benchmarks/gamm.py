"""Time and memory of GAMMs of the papers' size, all inference included, each case in a process of its own on one core.

    python benchmarks/gamm.py [--table TABLE.csv] [--without-r]

Cases: the published model (1067 tokens x 16 steps x 8 words, by-token random smooths, AR(1)); the same with times of
its own for every token, so that no two tokens can share work; 120 tokens with 300,000 rows; and 120 tokens x 64 steps
x 2 words, which mgcv fits too where R is installed. The last line is one JSON object. `ratio_mgcv` is mgcv's time
(bam and summary, one core too) over the project's; `ratio_whole` is the time of one sparse
factorisation of the published model's whole system over that of one evaluation here (score, gradient and Hessian);
`ratio` is the first where it can be had, else the second.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import say_load

GOLDEN = Path(__file__).parent.parent / "tests" / "golden" / "mgcv"
FORMULA = "Value ~ Word + s(Sample) + s(Sample, by=Word) + fs(Sample, Token)"
GENERAL = GOLDEN.parent / "mgcv_general"
CASES = {"published model": 0.3, "own times": 0.3, "300,000 rows": 0.8, "120 tokens x 64": 0.6,
         "nested speakers": 0.3, "crossed": 0.4, "speaker_token": 0.35}
FORMULAS = {
    "nested speakers": ('Value ~ Word + s(Sample) + s(Sample, by=Word) + s(Sample, Speaker, bs="fs", m=1) '
                        '+ s(Sample, Token, bs="fs", m=1)'),
    "crossed": ('Value ~ Word + s(Time) + s(Time, by=Word) + s(Time, Speaker, bs="fs", m=1) '
                '+ s(Time, Item, bs="fs", m=1) + s(Time, Token, bs="fs", m=1, k=5)'),
    "speaker_token": ('Value ~ Word + s(Time) + s(Time, by=Word) + s(Time, Speaker, bs="fs", m=1) '
                      '+ s(Time, Token, bs="fs", m=1, k=5)')}
LIMITS = {"nested speakers": (5, 1000), "crossed": (60, 4000)}  # seconds and MB that the specification allows
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
IN_R = """
suppressPackageStartupMessages(library(mgcv))
d <- read.csv("{table}"); d$Word <- factor(d$Word, levels = unique(d$Word))
for (n in intersect(c("Token", "Speaker"), names(d))) d[[n]] <- factor(d[[n]])
d$WordO <- as.ordered(d$Word); contrasts(d$WordO) <- "contr.treatment"
t0 <- proc.time()
m <- bam({formula}, data = d, rho = {rho}, AR.start = d$Start == 1)
s <- summary(m)
cat("seconds", (proc.time() - t0)[["elapsed"]], "\\n")
"""
IN_MGCV = {
    "120 tokens x 64": (GOLDEN / "data_medium.csv",
                        'Value ~ Word + s(Sample) + s(Sample, by = WordO) + s(Sample, Token, bs = "fs", m = 1)'),
    "speaker_token": (GENERAL / "data_a.csv", FORMULAS["speaker_token"].replace("by=Word", "by = WordO"))}


def make_table(case: str, published: Path):
    """Read or simulate the table of a case."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    if case == "120 tokens x 64":
        return pd.read_csv(GOLDEN / "data_medium.csv")
    if case == "300,000 rows":
        tables = []
        lengths = rng.integers(800, 4097, 120)
        lengths = (lengths * 300_000 / lengths.sum()).astype(int)
        lengths[-1] += 300_000 - lengths.sum()
        for token, n in enumerate(lengths):
            u = np.sort(rng.uniform(0, 1, n))
            noise = np.convolve(rng.normal(0, 0.1, n + 20), 0.8 ** np.arange(20), mode="valid")[:n]
            value = np.sin(4 * u) + (token % 2) * u**2 + rng.normal(0, 0.3) + rng.normal(0, 0.2) * np.cos(4 * u) + noise
            tables.append(pd.DataFrame({"Token": token, "Word": "ab"[token % 2], "Sample": u, "Value": value}))
        return pd.concat(tables, ignore_index=True)
    if case == "speaker_token":
        return pd.read_csv(GENERAL / "data_a.csv")
    if case == "crossed":
        return crossed_table(rng)
    table = pd.read_csv(published)
    if case == "nested speakers":
        tokens = rng.permutation(table["Token"].unique())
        speakers = {token: f"s{number % 530:03d}" for number, token in enumerate(tokens)}
        table["Speaker"] = table["Token"].map(speakers)
        sizes = {name: rng.normal(0, 0.3, 2) for name in table["Speaker"].unique()}
        own = np.array([sizes[name] for name in table["Speaker"]])
        time_in_token = (table["Sample"] - table["Sample"].min()) / np.ptp(table["Sample"])
        table["Value"] += own[:, 0] + own[:, 1] * np.cos(3 * time_in_token)
    if case == "own times":
        table["Sample"] += rng.uniform(-0.3, 0.3, len(table))
    return table


def crossed_table(rng):
    """Simulate 3,000 tokens of 15 samples: 200 speakers crossed with 100 items."""
    import numpy as np
    import pandas as pd

    n, steps = 3000, 15
    u = np.linspace(0, 1, steps)
    speaker, item = np.tile(np.arange(200), n // 200), rng.permuted(np.tile(np.arange(100), n // 100))
    shapes = np.stack([np.ones(steps), np.cos(np.pi * u), np.cos(2 * np.pi * u)])
    of = [rng.normal(0, sd, (levels, 3)) for sd, levels in ((0.3, 200), (0.2, 100), (0.15, n))]
    word = item % 3
    base = np.stack([np.sin(3 * u), np.sin(3 * u) + u**2, np.cos(2 * u)])
    noise = rng.normal(0, 0.12, (n, steps))
    errors = noise.copy()
    for j in range(1, steps):
        errors[:, j] = 0.4 * errors[:, j - 1] + noise[:, j] * np.sqrt(1 - 0.16)
    value = base[word] + (of[0][speaker] + of[1][item] + of[2]) @ shapes + errors
    names = {"Token": [f"t{i}" for i in range(n)], "Speaker": [f"s{i}" for i in speaker],
             "Item": [f"i{i}" for i in item], "Word": np.array(["a", "b", "c"])[word]}
    return pd.DataFrame({**{name: np.repeat(own, steps) for name, own in names.items()}, "Time": np.tile(u, n),
                         "Value": value.ravel()})


def run_case(case: str, published: Path) -> dict:
    """Fit one case with all inference; time without imports and reading, memory of the whole process."""
    from snap_tf.gamm import difference_tests, gamm, summary

    table = make_table(case, published)
    start, cpu = time.perf_counter(), time.process_time()
    fit = gamm(FORMULAS.get(case, FORMULA), table, rho=CASES[case])
    text = summary(fit)
    fit.curves()
    fit.differences()
    difference_tests(fit)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    assert fit.converged and ",Token)" in text
    n_coefficients = fit.design.p + sum(item.values.size for item in fit.random)
    return {"rows": fit.n, "coefficients": n_coefficients, "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu_seconds, 3),
            "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def run_whole(published: Path) -> dict:
    """Time one evaluation of the published model by blocks, and one factorisation of its whole system."""
    import numpy as np
    import pandas as pd
    import scipy.sparse as sparse
    from scipy.sparse.linalg import splu

    from snap_tf.gamm import parse_formula
    from snap_tf.gamm.model.columns import resolve_model
    from snap_tf.gamm.model.table import prepare_table
    from snap_tf.gamm.problems.gaussian import GaussianProblem
    from snap_tf.gamm.solver.reml import Likelihood
    from snap_tf.gamm.solver.system import System

    table = pd.read_csv(published)
    model = resolve_model(parse_formula(FORMULA), table)
    problem = GaussianProblem(model, prepare_table(model, table))
    design, layout = problem.design, problem.rows.layout
    n_tokens = layout.n_units[0]
    system = System([pattern.block(problem.response, 0.3) for pattern in problem.rows.patterns], problem.rows.units,
                    layout, design.penalties(layout))
    likelihood = Likelihood(system)
    log_sp = np.full(system.penalties.n_sp, -2.0)
    start = time.process_time()
    for _ in range(20):
        likelihood(log_sp)
    by_blocks = (time.process_time() - start) / 20
    # the same pattern of zeros as the whole system: tokens touch themselves and the fixed part
    q = layout.widths[0]
    own = [sparse.csc_matrix(np.eye(q) + np.ones((q, q)))] * n_tokens
    mixed = sparse.csc_matrix(np.full((design.p, q * n_tokens), 1e-3))
    whole = sparse.bmat([[sparse.csc_matrix(1e3 * np.eye(design.p)), mixed],
                         [mixed.T, sparse.block_diag(own, format="csc")]], format="csc")
    start = time.process_time()
    splu(whole, permc_spec="COLAMD", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return {"by_blocks": by_blocks, "whole": time.process_time() - start}


def run_r(case: str) -> float | None:
    """Fit a case with mgcv; seconds, or None without R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "fit.R"
        table, formula = IN_MGCV[case]
        script.write_text(IN_R.format(table=table.as_posix(), rho=CASES[case], formula=formula))
        run = subprocess.run(["Rscript", str(script)], capture_output=True, text=True, check=False,
                             env={**os.environ, **ONE_CORE})
    if run.returncode:
        print(f"mgcv did not run: {run.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return float(run.stdout.split("seconds")[1])


def main() -> None:
    """Run every case in a fresh process and print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", type=Path, default=GOLDEN / "data_full.csv",
                        help="table of the published model's size")
    parser.add_argument("--without-r", action="store_true", help="do not run mgcv")
    parser.add_argument("--case", choices=(*CASES, "whole"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        print(json.dumps(run_whole(args.table) if args.case == "whole" else run_case(args.case, args.table)))
        return

    def child(case: str) -> dict:
        command = [sys.executable, __file__, "--case", case, "--table", str(args.table)]
        run = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **ONE_CORE})
        return json.loads(run.stdout.splitlines()[-1])

    machine = say_load()
    print(f"{'case':18}{'rows':>9}{'coefficients':>14}{'seconds':>9}{'CPU':>7}{'MB':>6}")
    figures = {}
    for case in CASES:
        figures[case] = child(case)
        values = figures[case]
        print(f"{case:18}{values['rows']:9}{values['coefficients']:14}{values['seconds']:9.2f}{values['cpu_seconds']:7.2f}"
              f"{values['megabytes']:6}",
              flush=True)
    evaluation = child("whole")
    ratio_whole = evaluation["whole"] / evaluation["by_blocks"]
    print(f"one evaluation of the published model {1e3 * evaluation['by_blocks']:.1f} ms; its whole system factorised "
          f"once {1e3 * evaluation['whole']:.0f} ms, of CPU")
    for case, (seconds, megabytes) in LIMITS.items():
        found = figures[case]
        print(f"{case}: {found['seconds']:.1f} s of {seconds}, {found['megabytes']} MB of {megabytes}")
    mgcv = {case: None if args.without_r else run_r(case) for case in IN_MGCV}
    ratios = {case: value and value / figures[case]["seconds"] for case, value in mgcv.items()}
    for case, value in mgcv.items():
        print(f"mgcv on {case}: {value:.1f} s, {ratios[case]:.0f} times as long" if value
              else "mgcv was not run (R with mgcv is not here)")
    tokens, medium = ratios["speaker_token"], ratios["120 tokens x 64"]
    print(json.dumps({"benchmark": "gamm", **machine, "cases": figures, "mgcv_seconds": mgcv,
                      "ratio_mgcv": medium and round(medium, 1), "ratio_tokens": tokens and round(tokens, 1),
                      "ratio_whole": round(ratio_whole, 1), "ratio": round(tokens or ratio_whole, 1)}))


if __name__ == "__main__":
    main()
