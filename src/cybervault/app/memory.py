"""What a folder of state knows of addresses, domains and hashes, for commands without a server: read, never changed."""

from collections.abc import Sequence
from pathlib import Path

from cybervault.assessments.known_bad import BadIndicator, Knowing
from cybervault.detection.mentions import Mention
from cybervault.domain.clock import Clock
from cybervault.domain.evidence import Answer
from cybervault.domain.observables import Observable
from cybervault.enrichment.recollection import places_of
from cybervault.enrichment.store.glimpse import is_any_remembered, remembered_at
from cybervault.settings import Settings
from cybervault.verdict.weights import load_weights


class Memory:
    """The lists and the answers that are remembered, while a server runs on the same folder or database too."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def is_there(self) -> bool:
        """Whether anything was ever kept where the settings say."""
        place = self._settings.database_place
        return not isinstance(place, Path) or place.exists()

    def is_empty(self) -> bool:
        """Whether no answer is remembered: lists alone call nothing bad. `Problem` UNAVAILABLE `database_unusable`."""
        return not is_any_remembered(self._settings.database_place, self._clock.now())

    def bad_among(self, mentions: Sequence[Mention]) -> list[BadIndicator]:
        """Those that are known to be bad, the worst first; `Problem` UNAVAILABLE `database_unusable`."""
        from cybervault.app.shelf import KNOWLEDGE_FOLDER, Shelf  # noqa: PLC0415 - same
        from cybervault.app.sources import source_setups  # noqa: PLC0415 - who has no memory does not wait for it
        from cybervault.enrichment.connectors import CONNECTORS  # noqa: PLC0415 - same

        setups, now = source_setups(self._settings), self._clock.now()
        wanted = [place for one in mentions for place in places_of(one.observable, CONNECTORS, setups)]
        answers = dict[Observable, list[Answer]]()
        for key, kept in remembered_at(self._settings.database_place, wanted, now).items():
            answers.setdefault(key.observable, []).append(kept.answer)
        lists = Shelf(self._settings.folder / KNOWLEDGE_FOLDER).current()
        return Knowing(lists, load_weights(), now).bad_among(mentions, answers)
