"""Where a caller is, as the XML that goes with an INVITE (PIDF-LO: RFC 4119, RFC 5491, RFC 5139)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

CONTENT_TYPE = "application/pidf+xml"
_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf"
 xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"
 xmlns:gml="http://www.opengis.net/gml"
 xmlns:gs="http://www.opengis.net/pidflo/1.0"
 xmlns:ca="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"
 xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"
 entity={entity}>
<dm:device id="phone"><gp:geopriv><gp:location-info>{location}</gp:location-info>
<gp:usage-rules><gp:retransmission-allowed>yes</gp:retransmission-allowed></gp:usage-rules>
<gp:method>{method}</gp:method></gp:geopriv>
<dm:deviceID>urn:uuid:1</dm:deviceID><dm:timestamp>{timestamp}</dm:timestamp></dm:device>
</presence>
"""


@dataclass(frozen=True, slots=True)
class Circle:
    """A point and how far off it may be: degrees (WGS 84), metres, confidence in percent (RFC 7459)."""

    latitude: float
    longitude: float
    radius_m: float
    confidence: float = 95

    def xml(self) -> str:
        """Return the location-info. Raises ValueError for a place outside the world."""
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"no place: {self.latitude}, {self.longitude}; latitude comes first, in degrees")
        if not (self.radius_m >= 0 and 0 <= self.confidence <= 100):
            raise ValueError("a radius in metres (not negative) and a confidence of 0..100 % are wanted")
        return (
            '<gs:Circle srsName="urn:ogc:def:crs:EPSG::4326">'
            f"<gml:pos>{self.latitude:.7f} {self.longitude:.7f}</gml:pos>"
            f'<gs:radius uom="urn:ogc:def:uom:EPSG::9001">{self.radius_m:g}</gs:radius></gs:Circle>'
            f'<con:confidence pdf="normal">{self.confidence:g}</con:confidence>'
        )


@dataclass(frozen=True, slots=True)
class CivicAddress:
    """A postal address; the fields are RFC 5139's for China (A1 province, A2 city, A3 district)."""

    province: str = ""
    city: str = ""
    district: str = ""
    road: str = ""
    number: str = ""
    place: str = ""
    country: str = "CN"

    def xml(self) -> str:
        """Return the location-info."""
        named = {
            "country": self.country,
            "A1": self.province,
            "A2": self.city,
            "A3": self.district,
            "RD": self.road,
            "HNO": self.number,
            "NAM": self.place,
        }
        inner = "".join(f"<ca:{name}>{escape(text)}</ca:{name}>" for name, text in named.items() if text)
        return f'<ca:civicAddress xml:lang="zh">{inner}</ca:civicAddress>'


def document(
    location: Circle | CivicAddress,
    *,
    entity: str = "pres:caller@localhost",
    method: str = "GPS",
    at: datetime | None = None,
) -> bytes:
    """Write the document; `at` is when the place was measured (now), `method` how (RFC 4119 §2.2.3)."""
    when = (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _DOCUMENT.format(
        entity=quoteattr(entity), location=location.xml(), method=escape(method), timestamp=when
    ).encode()
