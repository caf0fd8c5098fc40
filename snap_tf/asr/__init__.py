"""Speech recognisers to look into: log-mel spectrograms, the W2L family, training with CTC, transcripts.

Source: Krug, Ebrahimzadeh, Alemann, Johannsmeier and Stober 2021, Electronics 10(11):1350; Collobert, Puhrsch and
Synnaeve 2016, arXiv:1609.03193 (the architecture).
"""
