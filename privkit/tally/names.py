"""Whether values look like names of persons: words alone, and common given names among them."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Common given names of several languages. Left out: those that are also words, months, places or firms
#: (Rose, Mark, April, Austin, Charlotte, Chase).
_GIVEN = frozenset(
    """
    james robert john michael david william richard joseph thomas charles christopher daniel matthew anthony steven
    paul andrew joshua kenneth kevin brian george timothy ronald edward jason jeffrey ryan jacob gary nicholas eric
    jonathan stephen larry justin scott brandon benjamin samuel gregory alexander patrick raymond jack dennis jerry
    tyler aaron jose adam nathan henry zachary douglas peter kyle noah ethan jeremy walter keith roger terry sean
    gerald carl harold dylan arthur lawrence jesse bryan billy bruce gabriel joe logan alan juan albert willie elijah
    wayne randy vincent mason roy ralph bobby russell bradley philip eugene oliver liam lucas
    mary patricia jennifer linda elizabeth barbara susan jessica karen sarah lisa nancy sandra betty ashley emily
    kimberly margaret donna michelle carol amanda melissa deborah stephanie rebecca sharon laura cynthia dorothy amy
    kathleen angela shirley emma brenda pamela nicole anna samantha katherine christine debra rachel carolyn janet
    maria olivia heather helen catherine diane julie joyce evelyn joan kelly lauren christina judith megan andrea
    cheryl hannah jacqueline martha gloria teresa ann sara frances kathryn janice jean abigail alice judy
    sophia denise amber doris marilyn danielle beverly isabella theresa diana natalie brittany marie kayla alexis
    lori claire lucy chloe zoe julia alina amelia mia ellen ruth eleanor
    hans klaus jurgen jürgen wolfgang gunter günter dieter manfred uwe horst andreas stefan bernd jens sven torsten
    markus matthias holger rainer ralf joachim karl heinz werner heinrich friedrich otto ernst johannes jonas lukas
    leon finn felix elias moritz jan tim tobias sebastian florian fabian philipp simon bernhard urs beat reto ueli
    christoph georg kurt rolf thorsten daniela sabine petra monika ursula renate gisela ingrid brigitte helga
    christa elke birgit heike anja silke katrin kathrin ulrike gabriele claudia martina kerstin susanne annette
    sonja franziska johanna lena lea leonie hanna greta frieda ida mathilda heidi regula verena
    pierre michel philippe alain jacques francois françois nicolas julien thierry guillaume antoine mathieu olivier
    laurent christophe frederic frédéric sylvie nathalie isabelle valerie valérie monique chantal celine céline
    aurelie aurélie camille manon lucie juliette jeanne margaux elodie élodie brigitte
    antonio manuel francisco javier carlos miguel angel ángel rafael pedro pablo sergio fernando luis alberto
    alejandro alvaro álvaro diego ramon ramón enrique vicente jesus jesús eduardo ricardo carmen ana isabel pilar
    dolores josefa rosario lucia lucía marta cristina beatriz elena raquel silvia sofia sofía paula alba irene
    joao joão paulo rui tiago ines inês mariana beatriz fernanda juliana
    giuseppe giovanni mario luigi andrea marco alessandro stefano roberto francesco matteo luca lorenzo giulia chiara
    francesca federica valentina alessia martina giorgia silvia paola giovanna elisa
    piotr krzysztof andrzej tomasz pawel paweł michal michał jan marcin agnieszka katarzyna malgorzata małgorzata
    ewa joanna magdalena aleksandra sergei sergey dmitri dmitry alexei ivan vladimir igor olga natalia tatiana
    svetlana irina ekaterina anastasia lars anders erik björn bjorn karin kristina birgitta ingmar nils
    mohammed muhammad mohamed ahmed ali hassan hussein omar ibrahim yusuf mustafa mehmet fatima aisha zeynep
    khadija maryam leila amir reza raj amit rahul sanjay vijay suresh ramesh anil sunil priya anita sunita pooja
    neha deepak ravi arjun wei ming hiroshi takashi kenji yuki haruto yoko keiko akira minh linh
    kwame chidi ngozi amina fatou thabo
    """.split()  # noqa: SIM905
)
_WORDS = re.compile(r"[^\W\d_][\w'’.-]*(?:,? [^\W\d_][\w'’.-]*){0,3}")
_SPLIT = re.compile(r"[ ,.-]+")
#: Places that carry a saint's name.
_PLACES = frozenset({"san", "santa", "santo", "são", "sao", "saint", "sainte", "st", "sankt", "fort", "port", "mount"})
#: What nearly all values must be for any to count.
_MOST = 0.95


def person_share(values: Sequence[str]) -> float:
    """Return the share of values that have a common given name among their words; 0 unless nearly all are words.

    Up to four words of letters are taken for a name, in any case, with hyphens, apostrophes, initials or a comma.

    Examples
    --------
    >>> person_share(["Susan Kraus", "Dorn, Martin", "Anna-Lena Weiss"]), person_share(["San Juan", "New York", "Bern"])
    (0.6666666666666666, 0.0)
    """
    if not values or sum(_WORDS.fullmatch(value) is not None for value in values) < _MOST * len(values):
        return 0.0
    return sum(map(_given, values)) / len(values)


def _given(value: str) -> bool:
    words = _SPLIT.split(value.casefold())
    return words[0] not in _PLACES and any(word in _GIVEN for word in words)
