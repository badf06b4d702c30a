"""`genshare data`: what is in a folder of mammograms, and what is cut from it."""

import typer

from centre_node.log_rules import keep_headers_out
from centre_node.mammography.commands.extract import extract
from centre_node.mammography.commands.inspect import inspect
from centre_node.mammography.commands.phantoms import phantoms
from centre_node.mammography.commands.preview import preview
from centre_node.mammography.commands.split import split

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Inspect mammograms; see what is cut from them.",
)


@app.callback()
def _data() -> None:
    keep_headers_out()


for command in (inspect, preview, extract, split, phantoms):
    app.command()(command)
