"""Keys: who may search, write, or do all; kept with the archive, in a data folder for its owner alone to read.

``keys.json`` has the SHA-256 of each key, not the key. A key is 256 random bits, so nobody finds it by trying, and a
slow hash with salt, as passwords need, would only make every request slow. The first key is made at the first start and
may do all, until it is revoked. In a data folder it is the plain file ``api-key``, which the owner may also put there.
An archive without a folder keeps its hash like that of any other, and whoever makes it says it, this once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from index.dates import LOCAL_ZONE, in_both_zones
from index.errors import StoreError, TimtinError
from index.shared_texts import FIRST_KEY, KEYS, BusyTextError, SharedTexts
from index.wrong_values import what_is_wrong

FIRST = FIRST_KEY
"""The name of the first key, and of its file."""
_TRIES = 20
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_LONGEST_DAYS = 36_500


class DamagedKeysError(StoreError):
    """Report a ``keys.json`` that cannot be read: until it can, no key is accepted."""


class Scope(IntEnum):
    """What a key may do; each scope includes those before it."""

    SEARCH = 1
    WRITE = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        """Its name as users write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, what it may do, its SHA-256 in hexadecimal digits, and its times; ``expires`` may be None."""

    name: str
    scope: Scope
    digest: str
    created: datetime
    expires: datetime | None = None

    def expired(self, now: datetime | None = None) -> bool:
        """Tell whether its time is over."""
        return self.expires is not None and self.expires <= (now or datetime.now(UTC))


def _known_scope(label: str) -> str:
    if label.upper() not in Scope.__members__:
        raise ValueError("should be search, write or admin")
    return label


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=f"^{_NAME}$")]
    scope: Annotated[str, AfterValidator(_known_scope)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    created: AwareDatetime
    expires: AwareDatetime | None = None

    def key(self) -> Key:
        return Key(self.name, Scope[self.scope.upper()], self.sha256, self.created, self.expires)


class _Content(BaseModel):
    """What ``keys.json`` holds; ``revoked`` has the SHA-256 of every key that was revoked."""

    model_config = ConfigDict(extra="forbid")

    keys: list[_Entry] = []
    revoked: list[str] = []


class KeyRing:
    """The keys among the shared ``texts`` of an archive, read again when these change. Threads may share it."""

    def __init__(self, texts: SharedTexts) -> None:
        self._texts = texts
        self._read: tuple[tuple[Hashable, Hashable], tuple[Key, ...]] | None = None

    def find(self, token: str) -> Key | None:
        """Return the key ``token``; None if it is unknown, expired or revoked.

        Raises StoreError as ``keys`` does, and if there is no file of keys: then nobody can say who has one.

        The time it takes does not depend on which key the token is like: it is compared with all of them, by digest.
        """
        given, found = _digest(token), None
        keys = self.keys()
        if self._read is not None and self._read[0] == (None, None):  # an archive that was served has one of the two
            raise StoreError(f"the keys in {self._texts.place()} cannot be read: there are none")
        for key in keys:
            if hmac.compare_digest(key.digest, given):
                found = key
        return None if found is None or found.expired() else found

    def keys(self) -> tuple[Key, ...]:
        """Return all keys, the first one first. Raises StoreError if a file cannot be read: then no key is known."""
        try:
            versions = self._texts.version(FIRST), self._texts.version(KEYS)  # before reading
        except OSError as error:
            raise StoreError(f"the keys in {self._texts.place()} cannot be read: {error.strerror}") from error
        read = self._read
        if read is None or read[0] != versions:
            content, _ = self._content()
            self._read = read = versions, self._all(content)
        return read[1]

    def named(self, name: str) -> Key | None:
        """Return the key of this name, None if there is none. Raises StoreError as ``keys`` does."""
        return next((key for key in self.keys() if key.name == name), None)

    def ensure_first(self) -> str | None:
        """Return the first key; make one if there is none. None if it was revoked, or only its hash is kept.

        Once a key was revoked, none is made. Raises StoreError if ``api-key`` cannot be used, DamagedKeysError if
        ``keys.json`` cannot.
        """
        if self._texts.folder is None:
            return self._make_hashed()
        if (first := self._plain()) is None and not self._content()[0].revoked:
            self._texts.write(FIRST, f"{secrets.token_urlsafe(32)}\n".encode(), None)  # or another process does
            first = self._plain()
        return None if first is None or self.named(FIRST) is None else first[0]

    def _make_hashed(self) -> str | None:
        token = secrets.token_urlsafe(32)
        made = False

        def make(content: _Content) -> _Content | None:
            nonlocal made
            made = not content.keys and not content.revoked
            return _with_key(content, FIRST, Scope.ADMIN, token, None, None) if made else None

        self._change(make)
        return token if made else None

    def add(self, name: str, scope: Scope, expires: datetime | None = None, *, now: datetime | None = None) -> str:
        """Make a key and return it; it is not shown again. Raises TimtinError if the name is taken or is none.

        ``now`` is the moment from which ``expires`` was counted, so that a key for 30 days is one to the second.
        """
        if not is_name(name):
            raise TimtinError(
                f"{name!r} cannot be the name of a key; a name has up to 64 letters, digits, dots, dashes and"
                " underscores, and begins with a letter or digit"
            )
        token = secrets.token_urlsafe(32)

        def add(content: _Content) -> _Content:
            if name == FIRST or any(entry.name == name for entry in content.keys):
                raise TimtinError(f"there is a key {name!r} already; choose another name, or revoke it first")
            return _with_key(content, name, scope, token, expires, now)

        self._change(add)
        return token

    def copy_from(self, other: KeyRing) -> list[str]:
        """Take over the keys of another archive, and which were revoked; return the names of those that are new here.

        Keys of names that there are here already stay as they are. The first key of an archive without a folder is not
        taken over by one with a folder, which has its own in a file. Raises StoreError if keys cannot be read.
        """
        theirs, (said, _) = other.keys(), other._content()
        names: list[str] = []

        def take(content: _Content) -> _Content:
            nonlocal names
            known = {key.name for key in self._all(content)} | ({FIRST} if self._texts.folder is not None else set())
            new = [key for key in theirs if key.name not in known and key.digest not in content.revoked]
            names = [key.name for key in new]
            entries = [*content.keys, *map(_entry, new)]
            return _Content(keys=entries, revoked=list(dict.fromkeys([*content.revoked, *said.revoked])))

        self._change(take)
        return names

    def revoke(self, name: str) -> None:
        """Take a key's power at once and for good. Raises TimtinError if there is none of this name."""

        def revoke(content: _Content) -> _Content:
            keys = self._all(content)
            gone = [key.digest for key in keys if key.name == name]
            if not gone:
                names = ", ".join(key.name for key in keys) or "there are none"
                raise TimtinError(f"there is no key {name!r}; the keys: {names}")
            left = [entry for entry in content.keys if entry.name != name]
            return _Content(keys=left, revoked=[*content.revoked, *gone])

        self._change(revoke)

    def _change(self, change: Callable[[_Content], _Content | None]) -> None:
        """Make a change to what ``keys.json`` holds, again if another process has changed it meanwhile."""
        for _ in range(_TRIES):
            content, version = self._content()
            if (changed := change(content)) is None:
                return
            data = json.dumps(changed.model_dump(mode="json"), indent=1).encode("utf-8")
            try:
                if self._texts.write(KEYS, data, version):
                    return
            except BusyTextError:
                break
        raise TimtinError(f"another process is changing the keys in {self._texts.place()}; try again")

    def _content(self) -> tuple[_Content, Hashable | None]:
        """Return what ``keys.json`` holds, and its version."""
        try:
            text = self._texts.read(KEYS)
            return (_Content(), None) if text is None else (_Content.model_validate_json(text.data), text.version)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            why = f"{where} {what_is_wrong(first)}".strip()
        except OSError as error:
            why = str(error.strerror)
        except ValueError:
            why = "its bytes have changed since they were written"
        raise DamagedKeysError(
            f"the keys in {self._texts.place(KEYS)} cannot be read ({why}), so no key is accepted; put back a copy of"
            f" it, or delete it, with {FIRST!r} if that was revoked, and add the keys again"
        )

    def _all(self, content: _Content) -> tuple[Key, ...]:
        keys = tuple(entry.key() for entry in content.keys)
        if (first := self._plain()) is None or (digest := _digest(first[0])) in content.revoked:
            return keys
        return Key(FIRST, Scope.ADMIN, digest, first[1]), *keys

    def _plain(self) -> tuple[str, datetime] | None:
        """Return the key in ``api-key`` and when it was written; None if there is no such file."""
        try:
            if (text := self._texts.read(FIRST)) is None:
                return None
            token = text.data.decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"the key file {self._texts.place(FIRST)} cannot be read: {_why(error)}") from error
        if not token:
            place = self._texts.place(FIRST)
            raise StoreError(f"the key file {place} is empty; delete it and start again to get a new key")
        return token, text.written or datetime.now(UTC)


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "it is not text in UTF-8"


def _entry(key: Key) -> _Entry:
    return _Entry(name=key.name, scope=key.scope.label, sha256=key.digest, created=key.created, expires=key.expires)


def _with_key(
    content: _Content, name: str, scope: Scope, token: str, expires: datetime | None, now: datetime | None
) -> _Content:
    created = (now or datetime.now(UTC)).replace(microsecond=0)
    key = Key(name, scope, _digest(token), created, expires)
    return _Content(keys=[*content.keys, _entry(key)], revoked=content.revoked)


def is_name(name: str) -> bool:
    """Tell whether a key may have this name."""
    return re.fullmatch(_NAME, name) is not None


def expiry(when: str, now: datetime | None = None) -> datetime:
    """Return when a key ends that is good until ``when``: "30d" from now, the end of a day, or a moment.

    Where it says no time zone, that of Vietnam is meant. Raises TimtinError if it is none of these, or is over.
    """
    now = now or datetime.now(UTC)
    wrong = TimtinError(
        f"{when!r} is not a time that a key can end at; write 30d (at most {_LONGEST_DAYS}d), 2027-01-31 for the end of"
        " that day, or 2027-01-31T18:00"
    )
    try:
        if days := re.fullmatch(r"([0-9]{1,5})d", when):
            if not 1 <= int(days[1]) <= _LONGEST_DAYS:
                raise wrong
            end = now + timedelta(days=int(days[1]))
        elif re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", when):
            end = datetime.combine(date.fromisoformat(when) + timedelta(days=1), datetime.min.time(), LOCAL_ZONE)
        elif re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", when):
            moment = datetime.fromisoformat(when)
            end = moment if moment.tzinfo else moment.replace(tzinfo=LOCAL_ZONE)
        else:
            raise wrong
        end = in_both_zones(end).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise wrong from None
    if end <= now:
        raise TimtinError(f"{when!r} is over; a key can only end later than now")
    return end


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
