from .folder import export_again as export_again
from .folder import export_run as export_run
from .folder import write_model as write_model
from .metadata import ModelMetadata as ModelMetadata
from .model import Model as Model
from .opening import open_model as open_model
from .tf1.tf1_export import export_tf1 as export_tf1
from .tf1.tf1_import import import_tf1 as import_tf1
