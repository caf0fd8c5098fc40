#!/usr/bin/env bash
# The word experiment of Beguš & Zhou (ICASSP 2022) on TIMIT: ciwGAN, fiwGAN, averaged Q-network layers, GAMMs.
#   scripts/reproduce/begus_zhou_words.sh TIMIT RESULTS
# One GPU; a second start goes on where the first stopped. Environment variables for a smaller try:
#   CIWGAN_STEPS   generator updates of the ciwGAN (121116, as published)
#   FIWGAN_STEPS   of the fiwGAN (121116; the paper does not say)
#   TRAIN_FLAGS    more flags for both trainings, such as '--dim 8 --train_batch_size 16'
#   PERMUTATIONS   of the agreement of words and codes (10000)
# shellcheck disable=SC2086  # TRAIN_FLAGS is meant to be several words
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/../environment.sh"
. "$project/scripts/steps.sh"
[ $# -eq 2 ] || fail "two folders must be given: TIMIT (or any corpus laid out like it), and one for the results"
timit=$1 out=$2
words=ask,dark,greasy,oily,rag,wash,water,year
journal=$out/journal.jsonl # every step: command, time, what it printed
mkdir -p "$out"

step "What the corpus holds" "" \
    wavegan-tf corpus info "$timit"

# Section 3: 5,119 tokens, SA sentences included, 1,067 of them (20.844 %) for testing; 25 ms of silence around each.
step "Eight words" "$out/words" \
    wavegan-tf slice "$timit" "$out/words" --kind words --words $words \
    --test-share 0.20844 --seed 0 --max-samples 16384 --longer crop
step "ciwGAN: eight classes, no labels" "" \
    wavegan-tf train ciwgan-words --data "$out/words/train" --run "$out/ciwgan" \
    --max-steps "${CIWGAN_STEPS:-121116}" --keep-every 20000 ${TRAIN_FLAGS:-}
step "Its networks, to look into" "$out/ciwgan-model" \
    wavegan-tf export "$out/ciwgan" "$out/ciwgan-model"
step "Codes of the held-out words (a table the paper does not print)" "$out/ciwgan-codes.csv" \
    wavegan-tf classify "$out/ciwgan-model" "$out/words/test" "$out/ciwgan-codes.csv" \
    --permutations "${PERMUTATIONS:-10000}"

step "Figure 2: stimulus, averaged layers of the Q-network, logits" "$out/layers" \
    snap-tf layers "$out/ciwgan-model" "$out/words" "$out/layers" --split test --figure
step "Conv5 as a long table" "$out/conv5" \
    snap-tf layers "$out/ciwgan-model" "$out/words" "$out/conv5" --split test --layers Conv5 --table --no-stimuli
step "Table 1 and Figure 3: how words differ in Conv5" "$out/gamm" \
    snap-tf gamm "$out/conv5/table.csv" --at layer --reference ask --rho auto --speaker none --out "$out/gamm" \
    --value-label "mean of Conv5"

# The paper: 60 tokens of either word, annotated by hand; here every test token, by the corpus' labels.
step "Frication of ask and wash in every layer that has the steps" "$out/frication" \
    snap-tf layers "$out/ciwgan-model" "$out/words" "$out/frication" --split test --words ask,wash --phones s,sh \
    --no-stimuli
step "Figure 4: which layer loses [s] and [ʃ]" "$out/contrast" \
    snap-tf contrasts "$out/frication/table.csv" --pairs s:sh --k-random 4 --rho auto --figures 1 \
    --speaker none --out "$out/contrast"

# fiwGAN: all words, nothing withheld: the Q-network never hears a recording, only what the generator makes.
step "All words" "$out/all-words" \
    wavegan-tf slice "$timit" "$out/all-words" --kind words --max-samples 16384 --longer crop
step "fiwGAN: 13 bits, 8,192 classes" "" \
    wavegan-tf train fiwgan-timit --data "$out/all-words" --run "$out/fiwgan" \
    --max-steps "${FIWGAN_STEPS:-121116}" --keep-every 20000 ${TRAIN_FLAGS:-}
step "Its networks, to look into" "$out/fiwgan-model" \
    wavegan-tf export "$out/fiwgan" "$out/fiwgan-model"
step "Codes of the held-out words" "$out/fiwgan-codes.csv" \
    wavegan-tf classify "$out/fiwgan-model" "$out/words/test" "$out/fiwgan-codes.csv" \
    --permutations "${PERMUTATIONS:-10000}"
step "Three words through its Q-network" "$out/fiwgan-conv5" \
    snap-tf layers "$out/fiwgan-model" "$out/words" "$out/fiwgan-conv5" --split test --words ask,greasy,wash \
    --layers Conv5 --table --no-stimuli
step "Figure 5: three words and their differences" "$out/fiwgan-gamm" \
    snap-tf gamm "$out/fiwgan-conv5/table.csv" --at layer --reference ask --rho auto --speaker none \
    --out "$out/fiwgan-gamm" --pairs ask:greasy,ask:wash,greasy:wash --value-label "mean of Conv5"

step "The paper's numbers beside these" "" \
    "$python" "$project/scripts/reproduce/compare.py" begus_zhou_words "$out"
