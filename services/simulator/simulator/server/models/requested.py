"""What the name of a model requests of a stand-in beside an answer."""

import re
from dataclasses import dataclass
from typing import Final

PATTERN: Final = re.compile(r"^(error-\w[\w.]*|late-[45]\d\d|slow-\d{1,3}|blank|cut|silent)(?:/(.+))?$")


@dataclass(frozen=True, slots=True)
class Requested:
    """A model's name: `model` is what is answered for and billed, `fault` what goes wrong, or an empty text.

    `error-…`: refused at once, not billed; a status or one of DashScope's codes. Otherwise the answer is generated and
    billed: `late-500` then fails, `slow-20` comes after twenty seconds of keep-alives, `blank` is blanks, `cut` ends in
    its middle, `silent` has no usage. `cut/deepseek-flash` is such an answer of deepseek-flash.
    """

    model: str
    fault: str = ""

    @property
    def error(self) -> str:
        """The status or code that is asked for at once, or an empty text."""
        return self.fault.removeprefix("error-") if self.fault.startswith("error-") else ""

    @property
    def late_status(self) -> int | None:
        """The status that is asked for after the generation."""
        return int(self.fault.removeprefix("late-")) if self.fault.startswith("late-") else None

    @property
    def wait_s(self) -> float:
        """For how long keep-alives come before the answer, in seconds."""
        return float(self.fault.removeprefix("slow-")) if self.fault.startswith("slow-") else 0.0


def read_name(name: str) -> Requested:
    """What `name` requests; any name that requests nothing is a model's."""
    found = PATTERN.match(name)
    return Requested(name) if found is None else Requested(found[2] or name, found[1])
