from .checkpoints import load_networks as load_networks
from .loop import TrainResult as TrainResult
from .loop import train as train
from .metrics import metric_names as metric_names
from .options import SessionOptions as SessionOptions
from .updates.optimizers import AdamTF1 as AdamTF1
from .updates.optimizers import RMSPropTF1 as RMSPropTF1
from .updates.round import TrainingRound as TrainingRound
