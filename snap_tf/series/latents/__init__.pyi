from .search import LabelledOutputs as LabelledOutputs
from .search import find_latents as find_latents
from .search import label_outputs as label_outputs
