"""Phone symbols: TIMIT's 61 phones, their classes, their folding to 48 and 39 classes, maps from IPA, ARPAbet, SAMPA.

In go phone labels as they are written in a corpus; out come symbols of one notation, or the labels unchanged.
"""
