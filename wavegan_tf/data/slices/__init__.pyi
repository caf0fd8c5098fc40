from .slice_settings import SliceSettings as SliceSettings
from .slicing import Slices as Slices
from .slicing import slice_phones as slice_phones
from .slicing import slice_stops as slice_stops
from .slicing import slice_words as slice_words
