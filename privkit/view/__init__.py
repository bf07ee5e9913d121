"""Views of values: text, HTML, plots and live panels. Never of frames.

A value of a lower room mixes in :class:`privkit.values.show.Shown` (or ``Plotted``). Its ``__repr__``,
``_repr_html_`` and ``plot`` come here by name, when asked. What a value says, it says once, as a sheet, in the module
of the room that its class lives in: a ``privkit.anonymity.kanonymity.KAnonymityReport`` in

    privkit/view/sheets/anonymity.py     @sheet.register    _kanon(report) -> Sheet

and three renderers show any sheet: ``text``, ``html``, ``plots``. To add a view: register one function; nothing is
listed anywhere else. Live panels stand in ``panels``, by room too, and render blocks of the same sheets.

What they share
---------------
`sheet`, `chart`
    The parts of a sheet: reasons, verdicts, notes, tables with typed cells; and what is drawn, by kind of drawing.
    They hold numbers and words, and nothing of HTML or matplotlib.
`words`
    ``lines(answer, *reasons, then=[...])`` joins a repr: the answer, the reasons, ``next: ...``;
    ``label(name)`` makes a column name fit to print (short, no control characters), ``number``, ``percent``,
    ``plural``, ``names``.
`markup`
    ``tag(name, *children, **attributes)`` builds HTML and escapes every string; ``card``, ``table``, ``meter``,
    ``badge``, ``note``, ``steps`` are the parts of a report. HTML is never built from f-strings.

What is shown are counts, figures and column names. Cell values belong to explicit calls that return frames.
"""
