"""Select TIMIT's SA recordings: two sentences that every speaker reads, 1,260 of 6,300 recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wavegan_tf.data.corpora.splits import seeded_order
from wavegan_tf.errors import ConfigError

if TYPE_CHECKING:  # command lines read `SA_POLICIES`; their --help must not wait for pandas
    from wavegan_tf.data.corpus import Utterance

__all__ = ["SA_POLICIES", "check_sa_policy", "keep_sa"]

SA_POLICIES = ("all", "none", "keep7", "keep7_per_sentence")


def check_sa_policy(policy: str) -> None:
    """Raise an error for an unknown policy.

    Raises:
        ConfigError: not one of `SA_POLICIES`.
    """
    if policy not in SA_POLICIES:
        raise ConfigError(f"`sa` (={policy}) must be one of {', '.join(SA_POLICIES)}")


def keep_sa(utterances: Sequence[Utterance], policy: str = "all", seed: int = 0) -> tuple[Utterance, ...]:
    """Keep all SA recordings, none, 7 drawn from all of them, or 7 drawn for each of the two sentences.

    The draw depends on the seed and the utterances' ids, not on their order. Where there are fewer than 7, all stay.

    Args:
        utterances: any; those that are no SA recordings always stay.
        policy: one of `SA_POLICIES`.
        seed: of the draw.

    Returns:
        The utterances that stay, in the order given.

    Raises:
        ConfigError: an unknown policy.

    Source: Krug et al. 2021, Electronics 10(11):1350 for `keep7` (5,047 of TIMIT's recordings stay).
    """
    check_sa_policy(policy)
    if policy == "all":
        return tuple(utterances)
    sa = [u for u in utterances if u.sentence_type == "SA"]
    if policy == "none":
        kept = set()
    elif policy == "keep7":
        kept = set(seeded_order((u.id for u in sa), seed)[:7])
    else:
        kept = {name for sentence in {u.sentence for u in sa}
                for name in seeded_order((u.id for u in sa if u.sentence == sentence), seed)[:7]}
    return tuple(u for u in utterances if u.sentence_type != "SA" or u.id in kept)
