#!/usr/bin/env bash
# Beguš & Zhou (TASLP 2022) on TIMIT: layers of a generator, latent variables, interpolation, acoustics of layers.
#   scripts/reproduce/begus_zhou_generator.sh TIMIT RESULTS [CIWGAN]
# CIWGAN is a trained ciwGAN, such as ciwgan-model of begus_zhou_words.sh; its code is then swept as well.
# One GPU; a second start goes on where the first stopped. Environment variables for a smaller try:
#   WAVEGAN_STEPS  generator updates (12255; unverified, see published.json)
#   TRAIN_FLAGS    more flags for training, such as '--dim 8 --train_batch_size 16'
#   LABEL          what the latent variables are asked for (frication)
#   OUTPUTS        generated sounds that are labelled (2000)
#   BASES          base vectors of a sweep (25)
# shellcheck disable=SC2086  # TRAIN_FLAGS is meant to be several words
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/../environment.sh"
. "$project/scripts/steps.sh"
[ $# -eq 2 ] || [ $# -eq 3 ] || fail "two folders must be given: TIMIT (or any corpus laid out like it), and one for" \
    "the results; a third may name a trained ciwGAN"
timit=$1 out=$2 ciwgan=${3:-}
journal=$out/journal.jsonl # every step: command, time, what it printed
mkdir -p "$out"

step "Word-initial stops before vowels, with and without s" "$out/stops" \
    wavegan-tf slice "$timit" "$out/stops" --kind stops --max-samples 16384 --longer crop
step "WaveGAN, on all of them" "" \
    wavegan-tf train wavegan-stops --data "$out/stops" --run "$out/wavegan" \
    --max-steps "${WAVEGAN_STEPS:-12255}" --keep-every 4000 ${TRAIN_FLAGS:-}
step "Its networks, to look into" "$out/model" \
    wavegan-tf export "$out/wavegan" "$out/model"

step "Averaged layers of the generator, for 64 latent vectors" "$out/layers" \
    snap-tf layers "$out/model" z "$out/layers" -n 64 --seed 1 --figure
step "F0, intensity, formants, durations and spectra of layers, beside those of the output" "$out/acoustics" \
    snap-tf acoustics "$out/layers" "$out/acoustics" --compare level,intensity,f0 --sounds Conv3,Conv4 --figure
step "Latent variables behind ${LABEL:-frication}" "$out/latents" \
    snap-tf latents "$out/model" "$out/latents" --label "${LABEL:-frication}" -n "${OUTPUTS:-2000}" --seed 1

strongest=$(awk -F, 'NR == 2 { print $2 }' "$out/latents/latents.csv")
step "The strongest of them (z$strongest) from -5 to 5, through every layer" "$out/sweep" \
    snap-tf interpolate "$out/model" "$out/sweep" --variable "$strongest" --bases "${BASES:-25}" --seed 0 \
    --measure frication_ratio --measure rms_db --wavs
if [ -n "$ciwgan" ]; then
    step "The first class of the ciwGAN, from 0 to far beyond its training range" "$out/code" \
        snap-tf interpolate "$ciwgan" "$out/code" --code 0 --from 0 --to 10 --step 1 --bases "${BASES:-25}" --seed 0 \
        --wavs
fi

step "The paper's numbers beside these" "" \
    "$python" "$project/scripts/reproduce/compare.py" begus_zhou_generator "$out"
