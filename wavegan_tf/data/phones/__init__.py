"""Phone symbols: TIMIT's 61 phones, their classes and foldings, and maps from other notations.

In go labels as they are written in a corpus; out come symbols that the other rooms know, or the original ones.
"""
