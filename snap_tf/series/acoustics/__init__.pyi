from .measures.measuring import measure as measure
from .measures.measuring import refusal as refusal
