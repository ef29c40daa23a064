"""The demonstration organisation: a ministry's channels, in Dutch and English."""

from intake.client.custodian.found import Plan

KINDS = [
    {"id": "wrongdoing", "name": {"nl": "Vermoeden van een misstand", "en": "Suspected wrongdoing"}},
    {"id": "integrity", "name": {"nl": "Integriteitsschending", "en": "Integrity violation"}},
    {"id": "behaviour", "name": {"nl": "Ongewenste omgangsvormen", "en": "Undesirable behaviour"}},
]

# id, name and description in Dutch and English, kinds, role in Dutch and English
CHANNELS = [
    (
        "confidential-adviser",
        {"nl": "Vertrouwenspersoon", "en": "Confidential adviser"},
        {
            "nl": "Luistert, denkt mee en zegt welke wegen er zijn. Doet niets zonder u.",
            "en": "Listens, thinks along and tells you which ways there are. Does nothing without you.",
        },
        ["wrongdoing", "integrity", "behaviour"],
        {"nl": "vertrouwenspersoon", "en": "confidential adviser"},
    ),
    (
        "complaints-committee",
        {"nl": "Klachtencommissie", "en": "Complaints committee"},
        {
            "nl": "Onderzoekt klachten over ongewenste omgangsvormen en adviseert de leiding.",
            "en": "Investigates complaints about undesirable behaviour and advises the management.",
        },
        ["behaviour"],
        {"nl": "lid van de klachtencommissie", "en": "member of the complaints committee"},
    ),
    (
        "integrity-committee",
        {"nl": "Integriteitscommissie", "en": "Integrity committee"},
        {
            "nl": "Onafhankelijke commissie die vermoedens van misstanden en integriteitsschendingen onderzoekt.",
            "en": "Independent committee that investigates suspected wrongdoing and integrity violations.",
        },
        ["wrongdoing", "integrity"],
        {"nl": "lid van de integriteitscommissie", "en": "member of the integrity committee"},
    ),
]


def _plan() -> Plan:
    channels, recipients = [], []
    for id_, name, description, kinds, role in CHANNELS:
        members = [f"{id_}-{number}" for number in (1, 2)]
        channels.append(
            {
                "id": id_,
                "name": name,
                "description": description,
                "kinds": kinds,
                "recipients": members,
                "informed": [],
                "routes": [],
            }
        )
        for number, member in enumerate(members, start=1):
            names = {language: f"{text} {number}" for language, text in name.items()}
            recipients.append({"id": member, "name": names, "role": role})
    return Plan(
        slug="demo",
        name={"nl": "Voorbeeldministerie", "en": "Example ministry"},
        languages=["nl", "en"],
        kinds=KINDS,
        channels=channels,
        recipients=recipients,
        policy={"retention_days": 730, "acknowledge_days": 7, "feedback_days": 90},
    )


PLAN = _plan()
