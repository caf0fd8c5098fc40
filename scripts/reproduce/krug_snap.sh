#!/usr/bin/env bash
# The experiments of Krug et al. (Electronics 2021) on TIMIT: five recognisers, their SNAPs, alignment and clusters.
#   scripts/reproduce/krug_snap.sh TIMIT RESULTS
# One GPU; a second start goes on where the first stopped, within profiles from part to part.
# Environment variables for a smaller try:
#   ASR_FLAGS      more flags for all trainings, such as '--preset small --max-steps 400'
#   PROFILE_FLAGS  more flags for all profiles, such as '--mode utterance --hop-steps 20'
#   PARTS          parts that the frames are divided into (8)
#   SANITY_FLAGS   more flags for the sanity checks
#   MIN_FRAMES     fewest frames of a phone or letter that is clustered (20)
# shellcheck disable=SC2086  # flags are meant to be several words
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}" || echo "${BASH_SOURCE[0]}")")/../environment.sh"
. "$project/scripts/steps.sh"
[ $# -eq 2 ] || fail "two folders must be given: TIMIT (or any corpus laid out like it), and one for the results"
timit=$1 out=$2
parts=${PARTS:-8}
journal=$out/journal.jsonl # every step: command, time, what it printed
mkdir -p "$out/runs" "$out/scores" "$out/profiles" "$out/figures"

recogniser() { # model, flags...
    local model=$1
    shift
    step "$model" "" \
        snap-tf asr train "$model" --corpus "$timit" --run "$out/runs/$model" "$@" ${ASR_FLAGS:-}
    step "What $model makes of the test speakers (the paper prints no error rates)" "$out/scores/$model.csv" \
        snap-tf asr evaluate "$out/runs/$model" --corpus "$timit" --transcripts "$out/scores/$model.csv"
}

profiles() { # model
    local model=$1 part files=()
    for ((part = 1; part <= parts; part++)); do
        files+=("$out/profiles/$model-$part-of-$parts.npz")
        [ -e "$out/profiles/$model.npz" ] ||
            step "Profiles of $model, part $part of $parts" "$out/profiles/$model-$part-of-$parts.npz" \
                snap-tf profile "$out/runs/$model" --corpus "$timit" --sa keep7 --group phone --group predicted \
                --shard "$part/$parts" --out "$out/profiles/$model-$part-of-$parts.npz" ${PROFILE_FLAGS:-}
    done
    step "Profiles of $model" "$out/profiles/$model.npz" \
        snap-tf merge "${files[@]}" --out "$out/profiles/$model.npz"
    rm -f "${files[@]}" # each is as large as their sum
}

step "What the corpus holds, with 7 of its SA recordings" "" \
    wavegan-tf corpus info "$timit" --sa keep7

# Section 3.2 and Table 1: phones, letters, and letters by transfer in two steps
recogniser W2P_shallow
recogniser W2P
recogniser W2L
recogniser W2L_TL_frozen --from "$out/runs/W2P_shallow"
recogniser W2L_TL_finetuned --from "$out/runs/W2L_TL_frozen"

# Section 3.3, training and test recordings
for model in W2P_shallow W2P W2L W2L_TL_frozen W2L_TL_finetuned; do
    profiles $model
done

step "Not in the paper: do the profiles depend on what was learned, on the groups, and on the inputs?" "$out/sanity" \
    snap-tf sanity "$out/runs/W2P_shallow" "$out/sanity" --corpus "$timit" --sa keep7 ${SANITY_FLAGS:-}
step "Section 5.1, Figures 2, 3, A1, A2: is the most relevant step where the phone is?" "$out/alignment" \
    snap-tf align-eval "$out/profiles/W2P_shallow.npz" "$out/alignment" --compare "$out/profiles/W2P.npz" \
    --sanity "$out/sanity"
step "Figure A3: phones where letters are predicted" "$out/alignment-letters" \
    snap-tf align-eval "$out/profiles/W2L.npz" "$out/alignment-letters"
step "Section 5.3, Figure 5: clusters of phones in every layer of three models" "$out/clusters" \
    snap-tf cluster "$out/profiles/W2L.npz" "$out/clusters" --grouping phone --min-frames "${MIN_FRAMES:-20}" \
    --compare "$out/profiles/W2L_TL_frozen.npz" "$out/profiles/W2L_TL_finetuned.npz"
step "Figure 8: clusters of letters" "$out/clusters-letters" \
    snap-tf cluster "$out/profiles/W2L.npz" "$out/clusters-letters" --grouping predicted \
    --min-frames "${MIN_FRAMES:-20}"
step "Figures 1, 4, A4 to A6, 8 to 10: W2L" "$out/figures/W2L" \
    snap-tf plot profiles "$out/profiles/W2L.npz" "$out/figures/W2L" --min-frames "${MIN_FRAMES:-20}"
step "Figures 6 and 7: W2L" "$out/figures/W2L-96" \
    snap-tf plot profiles "$out/profiles/W2L.npz" "$out/figures/W2L-96" --figures clustermaps,dendrograms \
    --layers L4,L5 --grouping phone --percentile 96 --min-frames "${MIN_FRAMES:-20}"
step "Figures 6 and 7: W2L_TL_frozen" "$out/figures/W2L_TL_frozen-96" \
    snap-tf plot profiles "$out/profiles/W2L_TL_frozen.npz" "$out/figures/W2L_TL_frozen-96" \
    --figures clustermaps,dendrograms --layers L4,L5 --grouping phone --percentile 96 \
    --min-frames "${MIN_FRAMES:-20}"

step "The paper's numbers beside these" "" \
    "$python" "$project/scripts/reproduce/compare.py" krug_snap "$out"
