"""Text that is fit to print: what a terminal would obey is spelled out."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    r"""Return text with control characters, and those that turn the direction of writing, spelled out.

    Parameters
    ----------
    keep : str
        Characters that stay as they are, such as line breaks.

    Examples
    --------
    >>> printable("two\nlines"), printable("two\nlines", keep="\n"), printable("\x1b[2J")
    ('two\\nlines', 'two\nlines', '\\x1b[2J')
    """
    return "".join(char if char.isprintable() or char in keep else repr(char)[1:-1] for char in text)
