"""Those who call the hub and are no centre: brackets are in no centre's name."""

import os
import pwd

from shared.access import Caller, Role


def administrator(address: str) -> Caller:
    """Return who has the administrator's token."""
    return Caller("(administrator)", Role.ADMINISTRATOR, address)


def operator() -> Caller:
    """Return who runs a command on the hub's machine, by the account that it runs under."""
    try:
        account = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user need have no name
        account = str(os.getuid())
    return Caller("(operator)", Role.ADMINISTRATOR, f"local:{account}")


def nobody(address: str) -> Caller:
    """Return who has no token that counts, for the log: nothing is allowed to them."""
    return Caller("(nobody)", Role.CENTRE, address)
