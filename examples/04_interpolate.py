"""Change one latent variable step by step, and measure its effect on every layer of the generator.

    python examples/04_interpolate.py RESULTS      (the folder of example 01)

Which variable carries frication is first asked of the network's outputs (regression with an L1 penalty); that variable
is then moved far beyond its training range of -1 to 1, with everything else held, for the same base vectors.
"""

import sys
from pathlib import Path

from snap_tf.plots import latents_figure, write_figure, write_interpolation
from snap_tf.series import (
    InterpolationRequest,
    RegressionSettings,
    SweepPlan,
    VariableRange,
    find_latents,
    interpolate,
    label_outputs,
    open_generator,
)


def main(results: Path) -> None:
    """Find a latent variable and sweep it."""
    generator = open_generator(results / "model", with_output=True)

    # Label many outputs by a measure (here the loudness; "frication" and "f0" ask more of a network than 30 steps
    # teach it), and regress the labels on the latent variables.
    outputs = label_outputs(generator, "rms_db", 200, seed=1)
    found = find_latents(generator, outputs, results / "latents", RegressionSettings(folds=5, permutations=9))
    write_figure(latents_figure(found, outputs.labels.name), results / "latents" / "latents")
    strongest = int(found.table.iloc[0]["variable"])
    print(f"strongest variable: z{strongest}")

    # From -5 to 5, eight base vectors; effects are differences from 0, in every layer and at every step of time.
    plan = SweepPlan((VariableRange(strongest, -5, 5, 1),), bases=8)
    swept = interpolate(generator, plan, results / "sweep", InterpolationRequest(measures=("rms_db",)))
    print(swept.summary.to_string(index=False))
    print(*write_interpolation(swept, results / "sweep"), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
