"""Refusals in the shape that the SDK turns into its exceptions."""

from typing import Any, Literal

Kind = Literal["invalid_request_error", "card_error", "idempotency_error", "api_error"]


class ApiError(Exception):
    """An answer that is no 2xx. `more` stands beside the message: code, param, decline_code, payment_intent."""

    def __init__(self, status: int, kind: Kind, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **{name: v for name, v in more.items() if v}}}


def bad(message: str, code: str = "", param: str = "") -> ApiError:
    """The request can't be understood."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param)


def missing(kind: str, found: str) -> ApiError:
    """There is no such object."""
    return ApiError(
        404, "invalid_request_error", f"No such {kind}: '{found[:80]}'", code="resource_missing", param="id"
    )


def unauthorized(message: str) -> ApiError:
    return ApiError(401, "invalid_request_error", message)
