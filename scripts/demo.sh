#!/usr/bin/env bash
# Set up (first start only), then run the analyses of all three papers on a synthetic corpus, with the shipped models.
#   scripts/demo.sh [FOLDER]     FOLDER: where the results go (default: demo-output); report.html shows them all
# A second start goes on where the first stopped: a step whose result is there is not done again.
#   WAVEGAN_TF_DEMO_STEPS        further training steps (200)
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/environment.sh"
. "$project/scripts/steps.sh"

out=${1:-demo-output}
logs=$out/logs
journal=$out/journal.jsonl
models=saved_models
[ "$PWD" = "$project" ] || models=$project/saved_models
ciwgan=$models/ciwgan
phones=$models/W2P_shallow
letters=$models/W2L
transfer=$models/W2L_TL_frozen
mkdir -p "$out"

# ------------------------------------------------------------------------------------------------ corpus and network
step "A corpus: 40 synthetic speakers read TIMIT's two calibration sentences and two more" "$out/corpus" \
    wavegan-tf corpus synth "$out/corpus" --speakers 40 --sentences 2 --seed 7
step "What is in it" "" \
    wavegan-tf corpus info "$out/corpus"
step "Eight words, cut out" "$out/words" \
    wavegan-tf slice "$out/corpus" "$out/words" --kind words --words ask,dark,greasy,oily,rag,wash,water,year
step "The shipped ciwGAN learns on, from words without labels" "" \
    wavegan-tf train --from "$ciwgan" --data "$out/words/train" --run "$out/run" \
    --max-steps "${WAVEGAN_TF_DEMO_STEPS:-200}" --summary-secs 30
step "What the shipped ciwGAN says for each code" "$out/generated" \
    wavegan-tf generate "$ciwgan" "$out/generated" --all-codes -n 2 --seed 1
step "What its Q-network makes of words of new speakers" "$out/classified.csv" \
    wavegan-tf classify "$ciwgan" "$out/words/test" "$out/classified.csv"

# ------------------------------------------------------------------------------- Beguš & Zhou: layers as time series
step "Averaged layers of the Q-network" "$out/layers" \
    snap-tf layers "$ciwgan" "$out/words" "$out/layers" --split test --figure --logdir "$logs/layers"
step "Its last layer as a long table" "$out/last-layers" \
    snap-tf layers "$ciwgan" "$out/words" "$out/last-layers" --split test --layers Conv5 --table --no-stimuli
step "How words differ in Conv5" "$out/gamm" \
    snap-tf gamm "$out/last-layers/table.csv" --reference ask --rho auto --out "$out/gamm" \
    --value-label "mean of Conv5" --logdir "$logs/gamm"
step "The same without speakers, as published" "$out/gamm-published" \
    snap-tf gamm "$out/last-layers/table.csv" --reference ask --rho auto --speaker none --out "$out/gamm-published" \
    --value-label "mean of Conv5"
step "Frication of ask, greasy and wash in every layer that has the steps" "$out/frication" \
    snap-tf layers "$ciwgan" "$out/words" "$out/frication" --words ask,greasy,wash --phones s,sh --no-stimuli
# Conv4 has six steps within a fricative: nine columns for each token would be more than there are rows
step "Which layer loses [s] and [ʃ]" "$out/contrast" \
    snap-tf contrasts "$out/frication/table.csv" --pairs s:sh --k-random 4 --rho auto --out "$out/contrast" \
    --value-label "mean of the layer" --logdir "$logs/contrast"
step "Averaged layers of the generator" "$out/generator" \
    snap-tf layers "$ciwgan" z "$out/generator" -n 24 --seed 1 --figure --logdir "$logs/generator"
step "Acoustics of these layers" "$out/acoustics" \
    snap-tf acoustics "$out/generator" "$out/acoustics" --measures f0,intensity,formants,duration \
    --compare level,intensity --figure --logdir "$logs/acoustics"
step "One value of the code, from 0 to beyond its training range, through every layer" "$out/sweep" \
    snap-tf interpolate "$ciwgan" "$out/sweep" --code 0 --from 0 --to 4 --step .5 --bases 12 --measure rms_db \
    --logdir "$logs/sweep"
step "Latent variables behind the level of the output" "$out/latents" \
    snap-tf latents "$ciwgan" "$out/latents" --label rms_db -n 300 --permutations 40 --seed 1 --logdir "$logs/latents"

# ------------------------------------------------------------------ Krug et al.: recognisers, saliency and activations
step "What the phone recogniser gets wrong on new speakers" "" \
    snap-tf asr evaluate "$phones" --corpus "$out/corpus" --split all
step "SNAPs, NAPs and NAvAIs of the phone recogniser in one pass" "$out/phones.npz" \
    snap-tf profile "$phones" --corpus "$out/corpus" --group phone --group predicted --folds 4 \
    --mode utterance --hop-steps 4 --out "$out/phones.npz"
step "Do profiles and alignment depend on what the network learned?" "$out/sanity" \
    snap-tf sanity "$phones" "$out/sanity" --corpus "$out/corpus" --frames-per-group 5 --logdir "$logs/sanity"
step "Is a phone where the network looks for it?" "$out/alignment" \
    snap-tf align-eval "$out/phones.npz" "$out/alignment" --sanity "$out/sanity" --logdir "$logs/alignment"
step "Profiles, drawn" "$out/profiles" \
    snap-tf plot profiles "$out/phones.npz" "$out/profiles" --logdir "$logs/profiles"
step "The same pass over a letter recogniser" "$out/letters.npz" \
    snap-tf profile "$letters" --corpus "$out/corpus" --group phone --kinds snap \
    --mode utterance --hop-steps 8 --out "$out/letters.npz"
step "And over one that began with the phone recogniser's layers" "$out/transfer.npz" \
    snap-tf profile "$transfer" --corpus "$out/corpus" --group phone --kinds snap \
    --mode utterance --hop-steps 8 --out "$out/transfer.npz"
step "Which phones every layer treats alike" "$out/clusters" \
    snap-tf cluster "$out/letters.npz" "$out/clusters" --compare "$out/transfer.npz" --grouping phone \
    --logdir "$logs/clusters"
step "How stable the phone recogniser's clusters are" "$out/stability" \
    snap-tf cluster "$out/phones.npz" "$out/stability" --grouping phone --halves 20
step "The report" "" \
    snap-tf report "$out" "$out/report.html" --plan "$project/scripts/demo-report.toml"

cat <<END

Everything is in $out:
    report.html      every figure and table, with the command that made it; open it in a browser
    corpus/, words/  recordings and their labels, in TIMIT's layout; one file per spoken word
    run/             configuration, checkpoints, metrics.csv of the further training
    logs/            pictures and tables for TensorBoard: tensorboard --logdir $out
END
