"""Synthetic speech corpus in TIMIT's layout, made with eSpeak NG (extra `synth`): no licence, no download.

For tests, examples and tutorials, not evidence about speech: 17 voices varied by rule, exact labels, little
coarticulation. In go a number of speakers, a number of sentences and a seed; out comes a corpus folder.
"""

from wavegan_tf.data.synthetic.render import MAX_SPEAKERS, SyntheticCorpus, render_corpus

__all__ = ["MAX_SPEAKERS", "SyntheticCorpus", "render_corpus"]
