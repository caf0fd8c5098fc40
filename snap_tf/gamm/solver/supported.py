"""Which models the solver cannot fit yet."""

from __future__ import annotations

from snap_tf.gamm.errors import GammError
from snap_tf.gamm.model.terms import Model

__all__ = ["check_supported"]


def check_supported(model: Model) -> None:
    """Refuse a model that can be written down but not be fitted yet.

    Raises:
        GammError: naming all that is in the way.
    """
    parts = [term.label() for term in model.smooths
             if term.bs != "tp" or len(term.variables) > 1 or term.by_kind == "numeric"]
    parts += [term.label() for term in model.random if term.by is not None or term.further]
    if len(model.random) > 1:
        parts.append(f"{len(model.random)} random terms ({', '.join(term.label() for term in model.random)})")
    parts += [] if model.family == "gaussian" else [f"family {model.family}"]
    parts += ["select"] if model.select else []
    columns = (("weights", model.weights), ("offset", model.offset))
    parts += [f"{name} (={column})" for name, column in columns if column]
    if parts:
        raise GammError(f"the model must have thin plate smooths of one variable, one random term at most and a "
                        f"Gaussian response; {'; '.join(parts)} cannot be fitted yet")
