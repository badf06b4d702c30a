"""A service's API page: made on the server, so that a closed network can show it."""

from functools import cache

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ info.title }} API</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid #8884; padding: .6rem 0; }
code { font-size: .95em; } b { display: inline-block; min-width: 4.5rem; color: #0b7285; }
p { margin: .2rem 0; } .quiet { opacity: .7; }
</style>
<h1>{{ info.title }} <small class="quiet">{{ info.version }}</small></h1>
<p>Errors are <code>application/problem+json</code>. HEAD is answered wherever there is GET.
The machine-readable description is <a href="openapi.json">openapi.json</a>.</p>
{% for path, operations in paths.items() %}
{% for method, operation in operations.items() if method != "head" or "get" not in operations %}
<article><p><b>{{ method|upper }}</b> <code>{{ path }}</code></p>
<p>{{ operation.description or operation.summary }}</p>
{% if operation.parameters %}<p class="quiet">
{% for p in operation.parameters %}<code>{{ p.name }}</code> ({{ p.in }}){{ ", " if not loop.last }}
{% endfor %}</p>{% endif %}
<p class="quiet">Answers: {{ operation.responses|join(", ") }}</p></article>
{% endfor %}{% endfor %}
</html>
""")


def add_api_page(app: FastAPI) -> None:
    """Serve `/docs`. Make the app with `docs_url=None, redoc_url=None`."""

    @cache  # anyone may ask for it, as often as they like
    def page() -> str:
        schema = app.openapi()
        return _PAGE.render(info=schema["info"], paths=schema["paths"])

    @app.get("/docs", include_in_schema=False)
    def api_page() -> HTMLResponse:
        return HTMLResponse(page())
