"""Refusals in Stripe's own shape.

Nothing here knows when to refuse: the rules stand beside what they guard.
"""

from typing import Any


class ApiError(Exception):
    """An answer that is not a success, ready to be sent."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.more = more

    def body(self) -> dict[str, Any]:
        """The JSON of the answer; a field without a value is left out, as Stripe does."""
        fields: dict[str, Any] = {
            "type": self.type,
            "code": self.code,
            "message": self.message,
            "param": self.param,
        }
        if self.code:
            fields["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        fields.update(self.more)
        return {"error": {name: value for name, value in fields.items() if value is not None}}


def unknown_parameter(param: str) -> ApiError:
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def missing_parameter(param: str) -> ApiError:
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def no_such(kind: str, id: str, param: str = "id", *, status: int = 404) -> ApiError:
    """404 for an id in the path; Stripe answers 400 when a parameter names what does not exist."""
    return ApiError(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)


def not_modelled(what: str, param: str | None = None) -> ApiError:
    """What Stripe has and this sandbox has not. Better said than silently ignored."""
    return ApiError(f"{what} is not yet in this sandbox.", code="sandbox_not_modelled", param=param)
