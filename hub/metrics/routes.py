"""The HTTP route that Prometheus asks."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.access import GuardedRoute, Role, requires

router = APIRouter(
    tags=["metrics"],
    route_class=GuardedRoute,
    dependencies=[requires(Role.ADMINISTRATOR, purpose="read the metrics")],
)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_metrics(request: Request) -> Response:
    """Return counts in Prometheus' text format. Needs the administrator's token."""
    text = generate_latest(request.app.state.metrics)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
