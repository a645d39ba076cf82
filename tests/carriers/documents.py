"""The documents that a carrier asks its customer for, as they arrive."""

from voicecalld.provider.http import HttpResponse

XML_TYPES = ("text/xml", "application/xml")


class NoDocumentError(Exception):
    """What has arrived cannot be read as a document."""


def read_document(response: HttpResponse, most_bytes: int) -> str:
    """The text of a document.

    Raises:
        NoDocumentError: it is of another type, or too large.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in XML_TYPES:
        raise NoDocumentError(f"the document's type is {kind!r}")
    if len(response.body) > most_bytes:
        raise NoDocumentError(f"the document is larger than {most_bytes} bytes")
    return response.body.decode("utf-8", "replace")
