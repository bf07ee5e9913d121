"""What is drawn of a recoding: what each column lost, and where levels differ, the way there."""

from __future__ import annotations

from privkit.transform.anonymized import Anonymized
from privkit.view.parts.chart import Chart, Panels, Path
from privkit.view.parts.words import number


def cut_by_cut(value: Anonymized, losses: Chart) -> Chart:
    """Return the losses by column, with the path to them where levels differ between classes.

    Each point is a setting: how many records it and all cheaper ones hold, and what they lose together.
    """
    cuts = value.cuts_
    if value.method != "local" or len(cuts) < 2:  # one setting alone is no way
        return losses
    share = (cuts["records"].cumsum() / max(value.n_rows, 1)).tolist()
    told = value.utility == "loss"
    said = f"no single setting loses less than {number(value.bound_)}" if told else ""
    path = Path(share, cuts["loss"].tolist(), value.bound_ if told else None, said)
    title = "Settings, the cheapest for a record first"
    first = Chart("Loss by column", losses.x, losses.y, losses.drawn)
    drawn = Panels([first, Chart(title, "share of the records so far", "loss so far", path)])
    return Chart(losses.title, "", "", drawn)
