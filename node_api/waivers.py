"""How a second person lets a training's generator leave although the policy does not."""

from pydantic import Field, SecretStr

from shared.models import StrictModel
from shared.names import Text


class WaiverRequest(StrictModel):
    """Waives the policy for one training, until the policy changes.

    The key is compared and forgotten: it is in no job, ledger or statement.
    """

    training_job: str = Field(max_length=100, description="Id of the train_generator job.")
    reason: Text = Field(description="Goes into the ledger and into what leaves.")
    key: SecretStr = Field(max_length=200, description="Of a person whom the policy names.")
