"""What all live panels share: a still picture beside the widget, a text, and calm words where something fails."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, VBox

from privkit.errors import PrivkitError
from privkit.view.markup import Markup, card, tag
from privkit.view.panel_drawing import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ipywidgets import Widget


class Panel(VBox):  # type: ignore[misc, unused-ignore]
    """A live view of a value.

    Beside the widget stand its HTML and its text, for where no kernel runs and no widgets are drawn; both say what the
    panel says. The JupyterLab extension knows panels by their class and gives their sliders names.
    """

    def __init__(self, children: Sequence[Widget]) -> None:
        super().__init__(children)
        self.add_class("privkit-panel")

    def still(self) -> str:
        """Return what the panel shows at this moment, as HTML that needs no kernel; drawings become words."""
        raise NotImplementedError

    def words(self) -> str:
        """Return what the panel shows, as text: the same however often it is asked."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return the panel's text."""
        return self.words()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return the widget, and beside it a still picture and a text."""
        bundle = dict(super()._repr_mimebundle_(**kwargs) or {})
        return {**bundle, "text/plain": repr(self), "text/html": in_words(self.still())}

    @contextmanager
    def calm(self, place: HTML) -> Iterator[None]:
        """Tell at `place` what fails inside, instead of losing it in the kernel's log. Cell values are not told."""
        try:
            yield
        except PrivkitError as error:
            place.value = str(refused(error))
        except Exception as error:  # noqa: BLE001  # its text may hold values
            place.value = str(
                card("This did not work.", tag("p", f"{type(error).__name__}. Call the method itself to see more."))
            )


def refused(error: PrivkitError) -> Markup:
    """Return an error as a card: its first sentence is the title."""
    first, *rest = str(error).splitlines() or [type(error).__name__]
    return card(first, *(tag("p", text) for text in rest))


def live(**options: Any) -> HTML:
    """Return a place for words that a screen reader tells when they change."""
    place = HTML(**options)
    place.add_class("privkit-live")
    return place


def inserted(text: str, lines: Sequence[str]) -> str:
    r"""Return a text with more lines, before the one that says what to type next.

    Examples
    --------
    >>> inserted("answer\nnext: .plot()", ["more"])
    'answer\nmore\nnext: .plot()'
    """
    told = text.splitlines()
    place = len(told) - 1 if told and told[-1].startswith("next: ") else len(told)
    return "\n".join([*told[:place], *lines, *told[place:]])
