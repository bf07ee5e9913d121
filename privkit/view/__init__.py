"""Views of values: text, HTML and plots. Never of frames.

A value of a lower room mixes in :class:`privkit.values.show.Shown` (or ``Plotted``). Its ``__repr__``,
``_repr_html_`` and ``plot`` come here by name, when asked, and are found by the room that the value's class
lives in: a ``privkit.anonymity.kanonymity.KAnonymityReport`` is shown by

    privkit/view/anonymity/text.py     text(value) -> str
    privkit/view/anonymity/html.py     html(value) -> Markup
    privkit/view/anonymity/plots.py    plot(value, axes) -> None

each a :func:`functools.singledispatch` function, with one registered function per class. A room without an HTML
module shows its text. To add a view: write these functions; nothing is registered anywhere else.

What they share
---------------
`words`
    ``lines(answer, *reasons, then=[...])`` joins a repr: the answer, the reasons, ``next: ...``;
    ``label(name)`` makes a column name fit to print (short, no control characters), ``number``, ``percent``,
    ``plural``, ``names``.
`markup`
    ``tag(name, *children, **attributes)`` builds HTML and escapes every string; ``card``, ``table``, ``meter``,
    ``badge``, ``note``, ``steps`` are the parts of a report. HTML is never built from f-strings.
`style`
    ``canvas(ax)`` opens axes that read on light and dark and in print; ``OKABE_ITO`` are the colors.

What is shown are counts, figures and column names. Cell values belong to explicit calls that return frames.
"""
