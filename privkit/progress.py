"""The one progress bar: tqdm's, a widget in a notebook and text elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds before a bar shows: what is done by then needs none.
PATIENCE = 1.0


@contextmanager
def bar(wanted: bool, name: str, unit: str) -> Iterator[Callable[..., None] | None]:
    """Give a function ``(done, total, note="")`` that shows how far a call is, or None where no bar is wanted."""
    if not wanted:
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(desc=name, unit=f" {unit}", delay=PATIENCE) as shown:

        def tell(done: int, total: int, note: str = "") -> None:
            shown.total = total
            shown.set_postfix_str(note, refresh=False)
            shown.update(done - shown.n)

        yield tell
