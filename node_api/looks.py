"""What of its look a lesion takes from the centre's own lesions."""

from typing import Literal

HarmonisedBy = Literal["greys", "greys_and_bands"]
"""One curve of greys; or, beside it, how strong each band of frequencies is."""
