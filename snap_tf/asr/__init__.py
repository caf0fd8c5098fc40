"""Speech recognisers: log-mel spectrograms, W2L networks (Wav2Letter), CTC training, transcription, export.

In go a `Corpus` and settings, or recordings; out come a run folder with the trained network, transcripts with times,
error rates, and exported models. Rooms: `spectrograms`, `transcripts` (alphabets, CTC, error rates), `network` (the
W2L family), `batches` (training examples), `training` (the training loop).

Source: Krug, Ebrahimzadeh, Alemann, Johannsmeier and Stober 2021, Electronics 10(11):1350; Collobert, Puhrsch and
Synnaeve 2016, arXiv:1609.03193 (the architecture).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
