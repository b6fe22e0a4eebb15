"""The SAML schemas, compiled once by lxml from the files that pysaml2 brings; nothing is fetched.

The schemas name each other by addresses on the web. libxml2 skips an import whose namespace it has, so a driver schema
that imports the local files in order of dependence settles every one of them.
"""

import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lxml import etree

from app.protocols.saml import names
from app.protocols.saml.errors import Refused
from app.protocols.saml.types import Check

_FILES: Final = (
    (names.XML, "xml.xsd"),
    (names.DS, "xmldsig-core-schema.xsd"),
    (names.XENC, "xenc-schema.xsd"),
    (names.SAML, "saml-schema-assertion-2.0.xsd"),
    (names.SAMLP, "saml-schema-protocol-2.0.xsd"),
    (names.MD, "saml-schema-metadata-2.0.xsd"),
)
_XS: Final = "http://www.w3.org/2001/XMLSchema"


#: libxml2 takes the schemas for wrong where two threads compile them at once.
_compiling = threading.Lock()


def _schema() -> etree.XMLSchema:
    with _compiling:
        return _compiled()


@cache
def _compiled() -> etree.XMLSchema:
    found = find_spec("saml2")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "data" / "schemas"
    driver = etree.Element(f"{{{_XS}}}schema")
    for namespace, file in _FILES:
        etree.SubElement(
            driver, f"{{{_XS}}}import", namespace=namespace, schemaLocation=(folder / file).resolve().as_uri()
        )
    return etree.XMLSchema(etree.fromstring(etree.tostring(driver), etree.XMLParser(no_network=True)))


def validate(root: etree._Element) -> None:
    """Raise Refused, with the first complaint, if an element is not as the SAML schemas say."""
    try:
        _schema().assertValid(root)
    except etree.DocumentInvalid as error:
        raise Refused(Check.SCHEMA, "a message as the SAML schema says", str(error)[:300]) from error
