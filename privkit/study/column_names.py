"""What a column's name says: words in several languages, and what kind of fact they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["direct identifier", "quasi-identifier", "sensitive", "other"]

DIRECT: Role = "direct identifier"
QUASI: Role = "quasi-identifier"
SENSITIVE: Role = "sensitive"
OTHER: Role = "other"
ROLES: tuple[Role, ...] = (DIRECT, QUASI, SENSITIVE, OTHER)

#: The identifiers of HIPAA's Safe Harbor, 45 CFR 164.514(b)(2)(i), by letter.
HIPAA = {
    "A": "names",
    "B": "geography smaller than a state",
    "C": "dates but the year, and ages over 89",
    "D": "telephone numbers",
    "E": "fax numbers",
    "F": "e-mail addresses",
    "G": "social security numbers",
    "H": "medical record numbers",
    "I": "health plan numbers",
    "J": "account numbers",
    "K": "certificate and license numbers",
    "L": "vehicle identifiers",
    "M": "device identifiers",
    "N": "URLs",
    "O": "IP addresses",
    "P": "biometric identifiers",
    "Q": "full-face photographs",
    "R": "any other unique number or code",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name, or a form of values, says about a column.

    Attributes
    ----------
    what : str
        In words.
    role : Role
    hipaa : str
        The letter of the HIPAA class; empty where there is none.
    forms : tuple of str
        Forms of values that confirm it.
    """

    what: str
    role: Role
    hipaa: str = ""
    forms: tuple[str, ...] = ()


#: What names mean, by the phrases that say so.
_PHRASES: dict[Meaning, str] = {
    Meaning("e-mail address", DIRECT, "F", ("e-mail address",)): """
        email, e mail, mail, email address, correo, courriel
    """,
    Meaning("fax number", DIRECT, "E", ("international phone number", "phone number", "valid phone number")): """
        fax, telefax
    """,
    Meaning("phone number", DIRECT, "D", ("international phone number", "phone number", "valid phone number")): """
        tel, phone, telephone, mobile, cell phone, msisdn, telefon, handy, telefono, movil, telefonnummer, phone
        number
    """,
    Meaning(
        "social security number", DIRECT, "G", ("social security number", "social security number with dashes")
    ): """
        ssn, social security, social security number, sozialversicherungsnummer, ahv, nss
    """,
    Meaning("medical record number", DIRECT, "H", ("NHS number",)): """
        nhs, nhs number, mrn, medical record, medical record number, patient id, patient number, patientennummer
    """,
    Meaning("health plan number", DIRECT, "I"): """
        health plan, insurance number, policy number, member id, beneficiary id, krankenkassennummer
    """,
    Meaning("account number", DIRECT, "J", ("IBAN",)): """
        iban, bank account, account, account number, account id, account no, kontonummer, konto, cuenta
    """,
    Meaning("payment card number", DIRECT, "J", ("payment card number",)): """
        card number, credit card, creditcard, card no, pan, kreditkarte
    """,
    Meaning("certificate or license number", DIRECT, "K"): """
        license number, licence number, driver license, drivers license, passport, passport number, national id,
        identity card, ausweis, ausweisnummer, dni, nie, tax id, vat id, steuernummer, certificate number, voter
        no, voter id, voter number
    """,
    Meaning("vehicle number", DIRECT, "L", ("vehicle number (VIN)",)): """
        vin, license plate, plate, licence plate, number plate, kennzeichen, matricula
    """,
    Meaning("device identifier", DIRECT, "M", ("MAC address", "UUID")): """
        imei, imsi, device id, serial number, mac, mac address, advertising id, idfa, gaid, device serial,
        iccid, meid
    """,
    Meaning("URL", DIRECT, "N", ("URL",)): """
        url, website, web page, homepage, profile url
    """,
    Meaning("IP address", DIRECT, "O", ("IPv4 address", "IPv6 address")): """
        ip, ip address, ipaddress, ipv4, ipv6, client ip, remote addr
    """,
    Meaning("biometric identifier", DIRECT, "P"): """
        fingerprint, face id, voice print, iris, biometric, retina
    """,
    Meaning("photograph", DIRECT, "Q"): """
        photo, portrait, picture, selfie, foto, avatar
    """,
    Meaning("name", DIRECT, "A"): """
        first name, firstname, last name, lastname, surname, forename, given name, family name, full name,
        fullname, customer name, patient name, person name, middle name, maiden name, vorname, nachname,
        familienname, apellido, apellidos, nombre, prenom, nom de famille, contact name, employee name,
        cardholder, name of patient, username, user name, nickname, login
    """,
    Meaning("street address", DIRECT, "B"): """
        address, street, street address, strasse, hausnummer, house number, adresse, direccion, line1, address
        line
    """,
    Meaning("code of a person", DIRECT, "R", ("UUID",)): """
        pseudonym, user id, userid, customer id, customerid, client id, person id, personid, subject id,
        employee id, kundennummer, customer number, customer no, uuid, guid, personal number, matrikelnummer,
        student id, user, hashed id, cookie id, session id, visitor id
    """,
    Meaning("date of birth", QUASI, "C", ("date",)): """
        birth date, birthdate, date of birth, birth, dob, birthday, born, geburtsdatum, fecha nacimiento
    """,
    Meaning("age", QUASI, "C"): """
        age, alter, edad
    """,
    Meaning("year of birth", QUASI): """
        birth year, year of birth, yob, geburtsjahr
    """,
    Meaning("postal code", QUASI, "B", ("postal code",)): """
        zip, zipcode, zip code, postcode, postal code, plz, postleitzahl, zip3, zip5, codigo postal, code postal
    """,
    Meaning("place smaller than a state", QUASI, "B"): """
        city, town, county, district, municipality, village, region code, stadt, ort, gemeinde, kanton, bezirk,
        ciudad, ville, neighborhood, census tract, block group, precinct
    """,
    Meaning("position", QUASI, "B", ("pair of coordinates",)): """
        lat, lon, lng, latitude, longitude, geo, gps, coordinates, location, geohash, cell id, cell, antenna,
        tower
    """,
    Meaning("country or region", QUASI): """
        state, country, native country, nationality, citizenship, birthplace, birth country, land, province,
        region, nationalitaet, staatsangehoerigkeit
    """,
    Meaning("sex", QUASI): """
        sex, gender, geschlecht, sexo, sexe
    """,
    Meaning("race or ethnic origin", QUASI): """
        race, ethnicity, ethnic group, skin color, etnia
    """,
    Meaning("family status", QUASI): """
        marital, marital status, married, civil status, familienstand, zivilstand, relationship, partner, spouse
    """,
    Meaning("household", QUASI): """
        dependents, children, kids, household, household size, number of children, family size
    """,
    Meaning("education", QUASI): """
        education, degree, school, schooling, bildung, educacion, education num, qualification
    """,
    Meaning("work", QUASI): """
        occupation, job, profession, job title, employer, workclass, company, industry, beruf, department,
        position title
    """,
    Meaning("group of persons", QUASI): """
        senior, senior citizen, seniorcitizen, veteran, disabled, pregnant
    """,
    Meaning("language", QUASI): """
        language, mother tongue, sprache, idioma
    """,
    Meaning("bodily feature", QUASI): """
        height, weight, bmi, eye color, hair color
    """,
    Meaning("time as a member", QUASI): """
        tenure, customer since, joined, member since, registered since, hire date, signup date, registration
        date
    """,
    Meaning("date", QUASI, "C", ("date",)): """
        date, fecha, admission, admission date, discharge date, visit date, service date, death date, date of
        death, event date, timestamp, datetime, time, datum
    """,
    Meaning("health", SENSITIVE): """
        diagnosis, diagnose, disease, icd, icd10, icd9, illness, condition, symptom, treatment, medication,
        drug, prescription, lab result, blood, hiv, mental health, health, therapy, disability, allergy,
        genotype, dna, krankheit, medikament
    """,
    Meaning("belief or orientation", SENSITIVE): """
        religion, faith, church, konfession, politics, political, party, vote, union, union member, trade union,
        sexual orientation, sexuality, sex life
    """,
    Meaning("criminal record", SENSITIVE): """
        crime, conviction, offense, criminal, arrest, sentence
    """,
    Meaning("money of a person", SENSITIVE): """
        income, salary, wage, salary class, earnings, credit score, debt, balance, net worth, loan, einkommen,
        lohn, capital gain, capital loss, payment, bonus
    """,
    Meaning("secret", DIRECT, "R"): """
        pin, password, passwd, secret, token, api key
    """,
}
_MEANINGS = {
    " ".join(phrase.split()): meaning for meaning, phrases in _PHRASES.items() for phrase in phrases.split(",")
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(name: str) -> list[str]:
    """Return the words of a column's name.

    Examples
    --------
    >>> words_of("dateOfBirth"), words_of("ZIP_code.2")
    (['date', 'of', 'birth'], ['zip', 'code', '2'])
    """
    return [word for word in re.split(r"[^A-Za-z0-9]+", _CAMEL.sub(" ", name).lower().replace("ß", "ss")) if word]


def meaning_of_name(name: str) -> Meaning | None:
    """Return what a column's name says; the longest phrase decides, the last words before the first.

    Examples
    --------
    >>> meaning_of_name("customer_email").what, meaning_of_name("plan_name")
    ('e-mail address', None)
    """
    words = words_of(name)
    if words == ["name"]:
        return _MEANINGS["full name"]
    for length in range(min(len(words), 4), 0, -1):
        for start in range(len(words) - length, -1, -1):
            phrase = " ".join(words[start : start + length])
            found = _MEANINGS.get(phrase) or _MEANINGS.get(phrase.replace(" ", ""))
            if found and not _misleading(words, start, length):
                return found
    return None


#: After these words a name tells about the word before: ``email_verified`` holds no address.
_ABOUT = frozenset(
    """
    count total flag verified valid status type method class kind category per avg mean sum rate score ratio num
    opt optin length duration bucket band group model version plan format enabled sent opened clicked
    """.split()  # noqa: SIM905
)


def _misleading(words: list[str], start: int, length: int) -> bool:
    """Return whether the word after the phrase says that the column holds no such thing."""
    rest = words[start + length :]
    phrase = words[start : start + length]
    if phrase in (["marital"], ["age"], ["zip"], ["income"], ["salary"], ["household"], ["state"], ["country"]):
        return False
    return bool(rest) and rest[0] in _ABOUT
