"""What a customer says on a media stream, whatever the carrier's words for it are."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayAudio:
    """The customer's sound, of any length."""

    audio: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMark:
    """A name that the customer wants back."""

    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearAudio:
    """Drop what has not been played."""


StreamOrder: TypeAlias = PlayAudio | SetMark | ClearAudio


class BadOrderError(Exception):
    """A message that the carrier's debugger complains of."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReader:
    """Reads messages strictly: under ``json_code`` and ``field_code`` the carrier complains."""

    json_code: int
    field_code: int

    def read_object(self, message: str) -> Mapping[str, Any]:
        """A message as an object.

        Raises:
            BadOrderError: it is none; so do the others.
        """
        try:
            fields = json.loads(message)
        except ValueError as problem:
            raise BadOrderError(self.json_code, "not JSON") from problem
        if not isinstance(fields, dict):
            raise BadOrderError(self.json_code, "not an object")
        return fields

    def check_fields(self, fields: Mapping[str, Any], expected: set[str]) -> None:
        """Refuse fields that are missing, or that nobody knows."""
        if fields.keys() != expected:
            text = f"fields {sorted(fields)} instead of {sorted(expected)}"
            raise BadOrderError(self.field_code, text)

    def read_inner(
        self, fields: Mapping[str, Any], key: str, names: set[str]
    ) -> Mapping[str, Any]:
        """The object under *key*, which has exactly *names*."""
        inner = fields[key]
        if not isinstance(inner, dict):
            raise BadOrderError(self.field_code, f"{key} is no object")
        self.check_fields(inner, names)
        return inner

    def read_text(self, fields: Mapping[str, Any], name: str) -> str:
        """A text that is not empty."""
        text = fields[name]
        if not isinstance(text, str) or not text:
            raise BadOrderError(self.field_code, f"{name} is no text")
        return text

    def decode_payload(self, payload: str) -> bytes:
        """Sound in base64."""
        try:
            return base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError) as problem:
            raise BadOrderError(self.field_code, "the payload is not base64") from problem
