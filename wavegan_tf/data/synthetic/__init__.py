"""A synthetic corpus in TIMIT's layout through eSpeak NG (extra `synth`): no licence, no download.

A stand-in for tests, examples and tutorials, not evidence about speech: 17 voices varied by rule, exact labels, little
coarticulation.
"""

from wavegan_tf.data.synthetic.render import MAX_SPEAKERS, SyntheticCorpus, render_corpus

__all__ = ["MAX_SPEAKERS", "SyntheticCorpus", "render_corpus"]
