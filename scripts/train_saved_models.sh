#!/usr/bin/env bash
# Train the shipped models again, from nothing, with the project's own commands, and export them.
#   scripts/train_saved_models.sh [WORK] [MODELS]
#     WORK    corpora and runs (default: runs/saved_models)
#     MODELS  where the exports go (default: saved_models); a model that is there is not made again: remove it first
# A second start goes on where the first stopped. Each step says how long it took.
#   WAVEGAN_TF_GAN_STEPS         updates of both generators (else each the number of the shipped one)
#   WAVEGAN_TF_ASR_STEPS         most updates of each recogniser (100000; their settings end earlier)
#   WAVEGAN_TF_SPEAKERS          share of the speakers in percent (100), to try the script out
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/environment.sh"
. "$project/scripts/steps.sh"

work=${1:-$project/runs/saved_models}
models=${2:-$project/saved_models}
journal=$work/journal.jsonl
gan_steps=${WAVEGAN_TF_GAN_STEPS:-}
asr_steps=${WAVEGAN_TF_ASR_STEPS:-100000}
share=${WAVEGAN_TF_SPEAKERS:-100}
mkdir -p "$work" "$models"

train_gan() { # name, what it is, updates, what it does not show, flags...
    local name=$1 title=$2 steps=${gan_steps:-$3} note=$4
    shift 4
    step "$title" "$models/$name" \
        wavegan-tf train small --data "$work/words/train" --run "$work/$name" --seed 1 --max-steps "$steps" "$@"
    step "$title, exported" "$models/$name" \
        wavegan-tf export "$work/$name" "$models/$name" --score "$work/words/test" \
        --note "It was trained on synthetic speech, on a CPU and for a small part of the papers' steps: it is for trying out the programs, and what it does is no evidence about human speech." \
        --note "$note"
}

train_recogniser() { # model, what it is, corpus, flags...
    local name=$1 title=$2 corpus=$work/$3
    shift 3
    step "$title" "$models/$name" \
        snap-tf asr train "$name" --corpus "$corpus" --run "$work/$name" --preset small --seed 1 \
        --max-steps "$asr_steps" "$@"
    step "$title, exported" "$models/$name" \
        snap-tf asr export "$work/$name" "$models/$name" --corpus "$corpus" --compact
}

step "A corpus for the GANs: synthetic speakers read TIMIT's calibration sentences and two more" "$work/corpus" \
    wavegan-tf corpus synth "$work/corpus" --speakers $((120 * share / 100)) --sentences 2 --seed 1
step "Eight words, cut out" "$work/words" \
    wavegan-tf slice "$work/corpus" "$work/words" --kind words --words ask,dark,greasy,oily,rag,wash,water,year
step "A corpus for the recognisers: eight more sentences each" "$work/speech" \
    wavegan-tf corpus synth "$work/speech" --speakers $((80 * share / 100)) --sentences 8 --seed 5
step "A larger one: letters need more than phones do" "$work/more-speech" \
    wavegan-tf corpus synth "$work/more-speech" --speakers $((80 * share / 100)) --sentences 24 --seed 5

train_recogniser W2P_shallow "Phones, 6 layers" speech
train_recogniser W2L_TL_frozen "Letters on top of its lower layers, which stay as they are" speech \
    --from "$work/W2P_shallow" --learning-rate 0.002 --decay-steps 3000
train_recogniser W2L_TL_finetuned "Letters, all layers fine-tuned" speech \
    --from "$work/W2L_TL_frozen" --learning-rate 0.0005 --decay-steps 1500
train_recogniser W2L "Letters from nothing, 12 layers" more-speech \
    --width 0.25 --learning-rate 0.002 --decay-steps 5000
train_gan ciwgan "A ciwGAN with eight classes" 3146 \
    "Its sounds show the words' envelopes, some formants and the noise of [s] in a spectrogram; no listener has judged them, and two words may share a code." \
    --code onehot --num_categ 8 --dim 16
train_gan fiwgan "A fiwGAN with three bits" 1735 \
    "What it generates has the loudness of words over time, the code's part in it, and little of their phones: it is not intelligible." \
    --code binary --num_categ 3 --dim 8

cat <<END

The models are in $models, what they were made from in $work; $journal says what ran, and for how long.
END
