"""The types that Azure Monitor's documents share, which the reference data folder lacks.

Written from Microsoft's reference of the REST operations "Metrics - List", "Metrics - List At
Subscription Scope" and "Metric Definitions - List" (api-version 2024-02-01).
"""

from typing import Any


def _query(name: str, kind: str = "string", *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "type": kind, "required": required}


_STRING = {"type": "string"}
_NUMBER = {"type": "number"}
_LOCALIZED = {
    "type": "object",
    "required": ["value"],
    "properties": {"value": _STRING, "localizedValue": _STRING},
}
_UNITS = [
    "Count", "Bytes", "Seconds", "CountPerSecond", "BytesPerSecond", "Percent", "MilliSeconds", "ByteSeconds",
    "Unspecified", "Cores", "MilliCores", "NanoCores", "BitsPerSecond",
]  # fmt: skip
_POINT = {
    "type": "object",
    "required": ["timeStamp"],
    "properties": {
        "timeStamp": {"type": "string", "format": "date-time"},
        **dict.fromkeys(("average", "minimum", "maximum", "total", "count"), _NUMBER),
    },
}

COMMON: dict[str, Any] = {
    "parameters": {
        "AggregationsParameter": _query("aggregation"),
        "MetricNamespaceParameter": _query("metricnamespace"),
        "OrderByParameter": _query("orderby"),
        "RegionParameter": _query("region", required=True),
        "ResourceUriParameter": {"name": "resourceUri", "in": "path", "type": "string", "required": True},
        "RollUpByParameter": _query("rollupby"),
        "TopParameter": _query("top", "integer"),
    },
    "definitions": {
        "LocalizableString": _LOCALIZED,
        "MetadataValue": {"type": "object", "properties": {"name": _LOCALIZED, "value": _STRING}},
        "Unit": {"type": "string", "enum": _UNITS},
        "ErrorContract": {
            "type": "object",
            "properties": {
                "error": {"type": "object", "properties": {"code": _STRING, "message": _STRING, "target": _STRING}}
            },
        },
        "Metric": {
            "type": "object",
            "required": ["id", "type", "name", "unit", "timeseries"],
            "properties": {
                "id": _STRING,
                "type": _STRING,
                "name": _LOCALIZED,
                "displayDescription": _STRING,
                "errorCode": _STRING,
                "errorMessage": _STRING,
                "unit": {"$ref": "#/definitions/Unit"},
                "timeseries": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "metadatavalues": {"type": "array", "items": {"$ref": "#/definitions/MetadataValue"}},
                            "data": {"type": "array", "items": _POINT},
                        },
                    },
                },
            },
        },
    },
}
