"""What is promised, and whether it is kept."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A promise, what was measured, and whether that keeps it."""

    what: str
    measured: float
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound

    def to_json(self) -> dict[str, Any]:
        """For bench.json."""
        return {**asdict(self), "met": self.met}

    def line(self) -> str:
        """One line of the table."""
        sign = ">=" if self.at_least else "<="
        word = "met" if self.met else "NOT MET"
        return f"{self.what:<46}{self.measured:>9.3g}  {sign} {self.bound:<6g}{word:>9}"
