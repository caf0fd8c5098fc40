"""All kinds of input that are mangled."""

from __future__ import annotations

from fuzz.kind import Kind
from fuzz.kind_corpora import CORPORA
from fuzz.kind_layers import RESULTS
from fuzz.kind_models import MODELS
from fuzz.kind_more import MORE
from fuzz.kind_tables import TABLES

__all__ = ["KINDS"]

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*CORPORA, *TABLES, *RESULTS, *MODELS, *MORE)}
