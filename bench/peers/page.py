"""A Flask view that renders 30 KB with Jinja for each request: a table of a hundred rows, escaped as usual."""

from flask import Flask, render_template_string

app = Flask(__name__)
ROWS = [
    {
        "name": f"Berth {number}",
        "vessel": f"MV Northern <Light> {number}",
        "agent": "Hauliers & Partners, Rotterdam, third floor, door on the left",
        "state": "planned" if number % 3 else "under way",
        "note": "Two cranes from six in the morning; pilots & tugs are ordered " * 2,
    }
    for number in range(100)
]
PAGE = """<!doctype html>
<html lang="en"><head><title>Berths</title></head><body><h1>Berths</h1><table>
{% for row in rows %}<tr class="{{ loop.cycle('odd', 'even') }}"><td>{{ row.name }}</td><td>{{ row.vessel }}</td>
<td>{{ row.agent }}</td><td>{{ row.state }}</td><td>{{ row.note }}</td></tr>
{% endfor %}</table></body></html>
"""


@app.get("/")
def index() -> str:
    return render_template_string(PAGE, rows=ROWS)
