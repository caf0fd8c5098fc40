#!/usr/bin/env bash
# Set up (first start only), then go from no data to a trained, exported, checked ciwGAN, each step by its command.
#   scripts/demo.sh [FOLDER]     FOLDER: where the results go (default: demo-output)
# A second start goes on where the first stopped: a step whose result is there is not done again.
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/environment.sh"
. "$project/scripts/steps.sh"

out=${1:-demo-output}
words=ask,dark,greasy,oily,rag,wash,water,year
mkdir -p "$out"

step "A corpus: 40 synthetic speakers read TIMIT's two calibration sentences and two more" "$out/corpus" \
    wavegan-tf corpus synth "$out/corpus" --speakers 40 --sentences 2 --seed 1
step "What is in it" "" \
    wavegan-tf corpus info "$out/corpus"
step "Eight words, cut out" "$out/words" \
    wavegan-tf slice "$out/corpus" "$out/words" --kind words --words $words
step "A small ciwGAN learns them without labels" "" \
    wavegan-tf train small --data "$out/words/train" --run "$out/run" --code onehot --num_categ 8 \
    --max-steps "${WAVEGAN_TF_DEMO_STEPS:-400}"
step "What it says for each code" "$out/generated" \
    wavegan-tf generate "$out/run" "$out/generated" --all-codes -n 2 --seed 1
step "The model, to share: a SavedModel, weights, configuration, card" "$out/model" \
    wavegan-tf export "$out/run" "$out/model"
step "What its Q-network makes of words it has not heard" "$out/classified.csv" \
    wavegan-tf classify "$out/model" "$out/words/test" "$out/classified.csv"

cat <<END

Everything is in $out:
    corpus/          recordings and their labels, in TIMIT's layout
    words/           one file per spoken word; manifest.csv says which
    run/             configuration, checkpoints, metrics.csv, logs (see them: tensorboard --logdir $out/run)
    generated/       what the network says, with the latent vector of each sound
    model/           the exported model; CARD.md says how to use it
    classified.csv   the code of each held-out word
END
