"""`python -m genshare`."""

from genshare.command_line import main

main()
