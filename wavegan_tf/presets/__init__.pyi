from .catalogue import Preset as Preset
from .catalogue import change_settings as change_settings
from .catalogue import load_preset as load_preset
from .catalogue import preset_names as preset_names
