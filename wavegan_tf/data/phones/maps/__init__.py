"""Maps of labels to phones that come with the package: English in other notations, to TIMIT's symbols."""
