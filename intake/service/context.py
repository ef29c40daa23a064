"""The parts that routes work with, made once when the application is put together."""

from dataclasses import dataclass

from intake.service.assets import Assets
from intake.service.http.budgets import BodyReader, MemoryBudget
from intake.service.http.tokens import SignedTokens
from intake.service.jobs.days import Days
from intake.service.jobs.heartbeat import Heartbeat
from intake.service.organisations import Organisations
from intake.service.settings import Settings
from intake.store import Store


@dataclass(frozen=True)
class Context:
    """The parts of the application that routes share."""

    store: Store
    organisations: Organisations
    assets: Assets
    tokens: SignedTokens
    bodies: BodyReader
    answers: MemoryBudget
    settings: Settings
    days: Days
    heartbeat: Heartbeat
