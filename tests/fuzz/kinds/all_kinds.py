"""All kinds of input that are mangled."""

from __future__ import annotations

from fuzz.kinds.kind import Kind
from fuzz.kinds.kind_corpora import CORPORA
from fuzz.kinds.kind_layers import RESULTS
from fuzz.kinds.kind_models import MODELS
from fuzz.kinds.kind_more import MORE
from fuzz.kinds.kind_tables import TABLES

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*CORPORA, *TABLES, *RESULTS, *MODELS, *MORE)}
