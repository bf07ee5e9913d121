"""privkit: the privacy workbench that lives where the data is.

``import privkit as pk`` gives every pandas frame the accessor ``df.privacy``, and the same functions, typed, as
``pk.kanon(df, ...)``. Names are loaded when first used: the import itself loads no library, not even pandas. The names
and where each lives are in `__init__.pyi` beside this file.
"""

from lazy_loader import attach_stub as _attach_stub

from privkit import registration as _registration

__version__ = "0.1.0"

_registration.register()  # df.privacy

__getattr__, _names, __all__ = _attach_stub(__name__, __file__)


def __dir__() -> list[str]:
    return sorted([*_names(), "__version__"])
