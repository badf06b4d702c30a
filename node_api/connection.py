"""The hub that a node belongs to, as the node is told and tells."""

from pydantic import Field

from shared.models import StrictModel
from shared.names import Name


class HubConnection(StrictModel):
    """How this node reaches its hub, and as whom."""

    centre: Name
    url: str = Field(max_length=2000)
    token: str = Field(max_length=1000)


class HubJoining(StrictModel):
    """How this node joins a hub for the first time: it sends its key and gets a token."""

    centre: Name
    url: str = Field(max_length=2000)
    join_token: str = Field(max_length=1000)


class ConnectedHub(StrictModel):
    """The hub, and this centre's name there."""

    centre: str
    url: str
