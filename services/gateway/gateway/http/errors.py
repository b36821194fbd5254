"""Error responses of REST: an HTTP status, a code and a sentence."""

from starlette.responses import JSONResponse


class ApiError(Exception):
    """Becomes `{"error": {"code", "message"}}` with an HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def bad_parameter(name: str, message: str) -> ApiError:
    return ApiError(400, "BAD_PARAMETER", f"{name}: {message}")


def error_response(error: ApiError) -> JSONResponse:
    return JSONResponse({"error": {"code": error.code, "message": error.message}}, error.status)
