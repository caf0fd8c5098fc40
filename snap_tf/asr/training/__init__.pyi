from .loop import RecogniserResult as RecogniserResult
from .loop import train_recogniser as train_recogniser
