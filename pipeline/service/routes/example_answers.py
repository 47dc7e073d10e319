"""What the OpenAPI description shows: the body of /v1/read and its answers."""

from __future__ import annotations

from typing import Any

from pipeline.service.routes.shapes import RECORDS

RECORD: dict[str, Any] = {
    "file": "-",
    "text": "17",
    "confidence": 0.97,
    "accepted": True,
    "digits": [
        {"digit": "1", "confidence": 0.98, "box": [36, 26, 72, 90], "alternatives": []},
        {
            "digit": "7",
            "confidence": 0.97,
            "box": [83, 26, 128, 95],
            "alternatives": [{"text": "1", "confidence": 0.01}],
        },
    ],
    "alternatives": [{"text": "11", "confidence": 0.01}],
    "rounds": 2,
}
FORM: dict[str, Any] = {
    "readings": [
        {**RECORD, "file": "amount.png"},
        {"file": "notes.txt", "error": "image data: not an image, or not in a format that is read (PNG, JPEG, ...)"},
    ]
}
ANSWERS: dict[str, Any] = {
    "description": "One record for a body that is an image; `readings` for a form.",
    "content": {
        "application/json": {
            "schema": {"anyOf": [{"$ref": f"#/components/schemas/{model.__name__}"} for model in RECORDS]},
            "examples": {
                "image": {"summary": "An image as the body", "value": RECORD},
                "form": {"summary": "A form of two files, one of them no image", "value": FORM},
            },
        }
    },
}
_BINARY = {"type": "string", "format": "binary"}
BODY: dict[str, Any] = {
    "required": True,
    "description": "An image, whatever its Content-Type says; or a multipart form with one or more files.",
    "content": {
        "image/*": {"schema": _BINARY},
        "application/octet-stream": {"schema": _BINARY},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"image": {"type": "array", "items": _BINARY}},
                "required": ["image"],
            }
        },
    },
}


def add_schemas(description: dict[str, Any]) -> None:
    """Put the models that ANSWERS refers to among the components of an OpenAPI description."""
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for model in RECORDS:
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
